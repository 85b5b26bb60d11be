from __future__ import annotations

import pytest

from ms25_suite.datasets.cards.inputs import (
    InputTable,
    input_keys,
    input_unit,
    refuse_unusable_inputs,
)

TABLE = {"total_charge": "q", "pressure": InputTable(key="p", unit="GPa"), "phase": "phase"}


def test_keys_and_units() -> None:
    refuse_unusable_inputs(TABLE)
    assert input_keys(TABLE) == {"total_charge": "q", "pressure": "p", "phase": "phase"}
    assert [input_unit(TABLE, name) for name in TABLE] == ["e", "GPa", ""]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"a/b": "x"}, "letters, digits and underscores, found 'a/b'"),
        ({"2x": "x"}, "letters, digits and underscores"),
        (
            {"external_field": InputTable(key="E", unit="a.u.")},
            "must be in V/Å, found 'a.u.': convert",
        ),
    ],
)
def test_unusable_tables_are_refused(table: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        refuse_unusable_inputs(table)
