from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.frames import Frames, Labels
from ms25_suite.datasets.audit.atoms import AtomReferences, atom_references, audit_atoms
from tests.helpers.labelled_frames import find, forces, labelled

FRAMES = Frames.from_atoms([Atoms("NaCl", [[0, 0, 0], [2.4, 0, 0]])] * 3)


def references(**energies: float) -> AtomReferences:
    numbers = {"Na": 11, "Cl": 17}
    return AtomReferences(
        {numbers[name]: energy for name, energy in energies.items()},
        tuple(range(len(energies))),
        tuple(numbers[name] for name in energies),
    )


def test_energies_relative_to_the_atoms() -> None:
    labels = Labels(energy=np.array([-307.0, np.nan, -306.0]))
    answer = audit_atoms(FRAMES, labels, references(Na=-100.0, Cl=-200.0))
    assert answer.text == "Na Cl; relative to them the frames have -3.5 to -3 eV/atom"
    assert [finding.code for finding in answer.findings] == ["atom-references"]


@pytest.mark.parametrize(("energy", "word"), [(-290.0, "not bound"), (-400.0, "any solid")])
def test_frames_and_atoms_that_do_not_belong_together(energy: float, word: str) -> None:
    labels = Labels(energy=np.full(3, energy))
    answer = audit_atoms(FRAMES, labels, references(Na=-100.0, Cl=-200.0))
    assert answer.findings[1].code == "not-bound"
    assert word in answer.findings[1].message


def test_an_element_without_an_atom() -> None:
    answer = audit_atoms(FRAMES, Labels(energy=np.zeros(3)), references(Na=-100.0))
    assert answer.text == "Na; no energy of isolated Cl"
    assert audit_atoms(FRAMES, Labels(energy=np.zeros(3)), references()).status == "unanswered"


def test_the_ground_state_of_neutral_atoms_counts() -> None:
    images = [
        Atoms("Cu", info={"REF_energy": -1.0, "charge": 0}),
        Atoms("Cu", info={"REF_energy": -3.0, "charge": 0}),
        Atoms("Cu", info={"REF_energy": -9.0, "charge": -1}),
        Atoms("Ni", info={"REF_energy": np.nan}),
        labelled({"REF_energy": 1.0, "charge": 0}, {"REF_forces": forces()}),
    ]
    found = atom_references(Frames.from_atoms(images), find(images))
    assert found.energies == {29: -3.0}
    assert found.frames == (0, 1, 2, 3)
    assert found.elements == (29, 29, 29, 28)
