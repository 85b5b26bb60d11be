from __future__ import annotations

import pytest

from ms25_suite.core.errors import ReportError
from ms25_suite.core.records import DatasetRecord


def test_a_dataset_outside_of_the_paper_has_a_null_for_the_level_of_theory_of_the_paper() -> None:
    record = DatasetRecord(name="d").to_dict()
    assert record["paper_level_of_theory"] is None
    assert "n_frames" not in record
    assert (record["findings"], record["audit"]) == ([], [])
    assert DatasetRecord.from_dict(record) == DatasetRecord(name="d")


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"name": 3}, "DatasetRecord: `name`: expected a text, found 3"),
        (
            {"name": "d", "audit": [{"code": "x", "status": "odd"}]},
            r"`audit\[0\].status`: expected 'ok', 'note', 'warning' or 'unanswered', found 'odd'",
        ),
        (
            {"name": "d", "findings": [{"code": "x", "message": "y", "severity": "bad"}]},
            r"`findings\[0\].severity`: expected 'warning' or 'note', found 'bad'",
        ),
    ],
)
def test_a_wrong_value_is_named(record: object, message: str) -> None:
    with pytest.raises(ReportError, match=message):
        DatasetRecord.from_dict(record)
