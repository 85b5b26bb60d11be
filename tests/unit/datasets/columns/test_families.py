from __future__ import annotations

from typing import Any

import pytest
from ase import Atoms

from ms25_suite.datasets.columns.families import find_columns


def frame(**info: Any) -> Atoms:
    atoms = Atoms("Cu")
    atoms.info.update(info)
    return atoms


@pytest.mark.parametrize(
    ("info", "taken", "beside"),
    [
        ({"Energy": 1.0, "ENERGY": 2.0}, "ENERGY", ("Energy",)),
        ({"REF_energy": 1.0, "Reference_Energy": 2.0}, "REF_energy", ("Reference_Energy",)),
        ({"REF_energy": 1.0, "dft_energy": 2.0}, "REF_energy", ("dft_energy",)),
        ({"energy": 1.0, "free_energy": 1.0}, "energy", ()),
    ],
)
def test_what_was_not_taken_is_named(
    info: dict[str, Any], taken: str, beside: tuple[str, ...]
) -> None:
    columns = find_columns([frame(**info)])
    family = columns.best_family(("energy",), "x")
    assert family is not None
    assert columns.keys("energy", family)[0] == taken
    assert columns.beside([taken]) == beside
