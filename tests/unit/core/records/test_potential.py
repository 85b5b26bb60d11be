from __future__ import annotations

import pytest

from ms25_suite.core.errors import ReportError
from ms25_suite.core.records import PotentialRecord, TrainedOn


def test_what_was_not_recorded_has_no_key() -> None:
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
    ("record", "message"),
    [
        ({}, "PotentialRecord: the key `name` is missing"),
        ({"name": "p", "r_max": "5"}, "`r_max`: expected a number, found '5'"),
        (
            {"name": "p", "training_curve": {"loss": 3}},
            "`training_curve.loss`: expected a list, found 3",
        ),
    ],
)
def test_a_wrong_value_is_named(record: object, message: str) -> None:
    with pytest.raises(ReportError, match=message):
        PotentialRecord.from_dict(record)


def test_unknown_keys_are_ignored() -> None:
    assert PotentialRecord.from_dict({"name": "p", "later": 1}) == PotentialRecord(name="p")
