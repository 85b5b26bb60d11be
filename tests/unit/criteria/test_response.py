"""A potential that does not look at the structure cannot pass anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.io import write

from ms25_suite.core.errors import PredictionError
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.criteria.response import distorted, no_response
from ms25_suite.datasets import open_dataset
from tests.helpers.copper_data import open_crystals
from tests.helpers.in_process import InProcess


class Constant(Calculator):
    """The same energy for each atom whatever the structure."""

    implemented_properties = ("energy", "forces", "stress")
    each = -3.5

    def calculate(self, atoms: Atoms | None = None, *arguments: Any, **options: Any) -> None:
        super().calculate(atoms, ["energy"], all_changes)
        n = len(self.atoms)
        self.results = {
            "energy": self.each * n,
            "forces": np.zeros((n, 3)),
            "stress": np.full(6, 0.01),
        }


def test_a_constant_does_not_respond(tmp_path: Path) -> None:
    reason = no_response(InProcess(Constant), open_crystals(tmp_path))
    assert "does not respond to the structure: frame" in reason


def test_a_potential_responds(tmp_path: Path) -> None:
    assert no_response(InProcess(EMT), open_crystals(tmp_path)) == ""


def test_a_crystal_at_rest_is_not_mistaken_for_no_response(tmp_path: Path) -> None:
    """By symmetry it has no forces, nor has a cell of one atom when the atom is displaced."""
    images = [bulk("Cu"), bulk("Cu", cubic=True)]
    for atoms in images:
        atoms.info["REF_energy"] = -1.0
    write(tmp_path / "rest.extxyz", images)
    data = open_dataset(str(tmp_path / "rest.extxyz"))
    assert no_response(InProcess(EMT), data) == ""
    assert no_response(InProcess(Constant), data) != ""


def test_a_potential_that_breaks_on_a_distorted_frame_is_not_blamed(tmp_path: Path) -> None:
    class Breaks(InProcess):
        def predict(self, frames: Frames) -> Predictions:
            raise PredictionError("no")

    assert no_response(Breaks(Constant), open_crystals(tmp_path)) == ""


def test_a_distorted_frame_keeps_atoms_and_periodicity() -> None:
    frames = Frames.from_atoms([bulk("NaCl", "rocksalt", a=5.6)])
    after = distorted(frames)
    assert after.cells == pytest.approx(1.03 * frames.cells)
    assert (after.numbers == frames.numbers).all()
    assert (after.pbc == frames.pbc).all()
    assert 0 < np.abs(after.positions - 1.03 * frames.positions).max() < 0.3
