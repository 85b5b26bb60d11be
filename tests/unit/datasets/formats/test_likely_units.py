from __future__ import annotations

import pytest

from ms25_suite.datasets.formats.likely_units import likely_units

UNITS = {"kcal/mol": 23.06, "Hartree": 27.21, "meV": 1000.0}


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (23.0, "kcal/mol (23.06) or Hartree (27.21)"),
        (27.0, "Hartree (27.21) or kcal/mol (23.06)"),
        (900.0, "meV (1000)"),
        (3.0, ""),
    ],
)
def test_the_closest_unit_comes_first(factor: float, expected: str) -> None:
    assert likely_units(factor, UNITS, 1.25) == expected


def test_a_ratio_is_as_close_from_above_as_from_below() -> None:
    assert likely_units(1000 / 1.2, UNITS, 1.25) == likely_units(1000 * 1.2, UNITS, 1.25)
