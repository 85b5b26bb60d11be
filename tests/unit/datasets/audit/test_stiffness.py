from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT

from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.datasets.audit.stiffness import force_constant, stiffness_finding


def labelled(start: Atoms, displaced: float, n: int = 15) -> tuple[Frames, FloatArray]:
    rng = np.random.default_rng(0)
    images, forces = [], []
    for _ in range(n):
        atoms = start.copy()
        atoms.positions += rng.normal(0.0, displaced, (len(atoms), 3))
        images.append(atoms.copy())
        atoms.calc = EMT()
        forces.append(atoms.get_forces())
    return Frames.from_atoms(images), np.concatenate(forces)


@pytest.mark.parametrize("displaced", [0.003, 0.05])
def test_small_forces_in_another_unit_are_seen_by_their_stiffness(displaced: float) -> None:
    frames, forces = labelled(bulk("Cu", cubic=True) * 2, displaced)
    constant = force_constant(frames, forces)
    assert constant is not None
    assert 5.0 < constant < 15.0
    assert stiffness_finding(frames, forces) is None
    finding = stiffness_finding(frames, 23.06 * forces)
    assert finding is not None
    assert (finding.code, finding.severity) == ("force-unit", "warning")
    assert "kcal/mol/Å (divide by 23.06)" in finding.message


def test_bonds_of_molecules_are_stiffer_than_solids() -> None:
    frames, forces = labelled(molecule("N2"), 0.02)
    constant = force_constant(frames, forces)
    assert constant is not None
    stiff = forces * (250.0 / constant)
    assert stiffness_finding(frames, stiff) is None
    assert stiffness_finding(frames, 4.0 * stiff) is not None


def test_a_crystal_under_pressure_is_stiff() -> None:
    frames, forces = labelled(bulk("Cu", a=2.6, cubic=True) * 2, 0.02)
    constant = force_constant(frames, forces)
    assert constant is not None
    assert constant > 100.0
    assert stiffness_finding(frames, forces) is None


def test_few_or_distant_frames_say_nothing() -> None:
    frames, forces = labelled(bulk("Cu", cubic=True), 0.05, n=8)
    assert force_constant(frames, forces) is None
    far, forces = labelled(bulk("Cu", cubic=True), 1.0)
    assert force_constant(far, forces) is None
