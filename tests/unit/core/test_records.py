from __future__ import annotations

import pytest

from ms25_suite.core.errors import ReportError
from ms25_suite.core.records import DatasetRecord, PotentialRecord, TrainedOn
from ms25_suite.core.run_record import RunRecord


def test_what_was_not_recorded_has_no_key() -> None:
    assert RunRecord().to_dict() == {"potentials": [], "datasets": []}
    assert PotentialRecord(name="p").to_dict() == {"name": "p"}
    assert TrainedOn(dataset="mgo", seed=0).to_dict() == {"dataset": "mgo", "seed": 0}


def test_a_loaded_potential_states_also_what_it_does_not_know() -> None:
    assert PotentialRecord(name="p", elements=(), r_max=5.0).to_dict() == {
        "name": "p",
        "elements": [],
        "r_max": 5.0,
        "n_layers": None,
        "n_parameters": None,
    }


def test_a_potential_is_updated_with_what_is_known_later() -> None:
    before = PotentialRecord(name="p", spec="train:mace", sha256="", dtype="float64")
    found = PotentialRecord(name="p", sha256="ab", elements=("H",), n_parameters=3)
    assert before.updated(found) == PotentialRecord(
        name="p",
        spec="train:mace",
        sha256="ab",
        dtype="float64",
        elements=("H",),
        n_parameters=3,
    )


@pytest.mark.parametrize(
    ("kind", "record", "message"),
    [
        (PotentialRecord, {}, "PotentialRecord: the key `name` is missing"),
        (PotentialRecord, {"name": "p", "r_max": "5"}, "`r_max`: expected a number, found '5'"),
        (
            PotentialRecord,
            {"name": "p", "training_curve": {"loss": 3}},
            "`training_curve.loss`: expected a list, found 3",
        ),
        (DatasetRecord, {"name": 3}, "DatasetRecord: `name`: expected a text, found 3"),
        (
            DatasetRecord,
            {"name": "d", "audit": [{"code": "x", "status": "odd"}]},
            r"`audit\[0\].status`: expected 'ok', 'note', 'warning' or 'unanswered', found 'odd'",
        ),
        (
            DatasetRecord,
            {"name": "d", "findings": [{"code": "x", "message": "y", "severity": "bad"}]},
            r"`findings\[0\].severity`: expected 'warning' or 'note', found 'bad'",
        ),
        (RunRecord, {"machine": {"cpu": "x"}}, "the key `machine.platform` is missing"),
        (RunRecord, {"command": "pytest"}, "`command`: expected a list, found 'pytest'"),
    ],
)
def test_a_wrong_value_is_named(
    kind: type[PotentialRecord | DatasetRecord | RunRecord], record: object, message: str
) -> None:
    with pytest.raises(ReportError, match=message):
        kind.from_dict(record)


def test_unknown_keys_are_ignored() -> None:
    assert PotentialRecord.from_dict({"name": "p", "later": 1}) == PotentialRecord(name="p")
