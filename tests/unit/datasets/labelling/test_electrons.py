from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.frames import Frames
from ms25_suite.datasets.labelling.electrons import lowest_energies


def test_energies_of_all_electrons() -> None:
    """Hartree-Fock energies of atoms (C. F. Bunge et al., At. Data Nucl. Data Tables 53 (1993))."""
    atoms = {"C": -37.6886, "O": -74.8094, "Si": -288.8544, "Ni": -1506.8709, "Xe": -7232.1384}
    frames = Frames.from_atoms([Atoms(symbol) for symbol in atoms])
    np.testing.assert_allclose(lowest_energies(frames), list(atoms.values()), rtol=0.01)


def test_it_is_the_sum_over_the_atoms_of_each_frame() -> None:
    frames = Frames.from_atoms([Atoms("H"), Atoms("OH2"), Atoms("O")])
    hydrogen, water, oxygen = lowest_energies(frames)
    assert hydrogen == pytest.approx(-0.54, abs=0.01)
    assert water == pytest.approx(oxygen + 2 * hydrogen)
