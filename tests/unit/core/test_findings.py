from __future__ import annotations

import pytest

from ms25_suite.core.findings import Finding


@pytest.mark.parametrize(
    "finding", [Finding("a", "is far off"), Finding("b", "is small", "note", (1, 5))]
)
def test_a_finding_survives_its_table(finding: Finding) -> None:
    table = finding.to_dict()
    assert list(table) == ["code", "message", "severity", "frames"]
    assert Finding.from_dict(table) == finding


def test_a_finding_warns_unless_it_says_otherwise() -> None:
    assert Finding.from_dict({"code": "a", "message": "b"}) == Finding("a", "b", "warning", ())
