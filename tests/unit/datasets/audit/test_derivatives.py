from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.frames import Frames, Labels
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.answers import Answer
from ms25_suite.datasets.audit.derivatives import audit_work

Data = tuple[Frames, Labels]


@pytest.fixture(scope="module")
def strained() -> Data:
    """Silica in cells of different volume."""
    dataset = open_dataset("lta")
    return dataset.frames, dataset.labels


@pytest.fixture(scope="module")
def rattled() -> Data:
    """Copper in one cell, its atoms in the same order, by EMT."""
    rng = np.random.default_rng(0)
    images, energy, forces = [], [], []
    for _ in range(40):
        atoms = bulk("Cu", cubic=True) * (2, 2, 2)
        atoms.rattle(0.02, rng=rng)
        # A drift, and another image of an atom, change nothing.
        atoms.positions += rng.uniform(-3.0, 3.0, 3)
        atoms.positions[0] += atoms.cell[1]
        atoms.calc = EMT()
        images.append(atoms)
        energy.append(atoms.get_potential_energy())
        forces.append(atoms.get_forces())
    return Frames.from_atoms(images), Labels(np.array(energy), np.concatenate(forces))


def audited(data: Data, *, forces: float = 1.0, stress: Any = 1.0) -> tuple[Answer, Answer]:
    frames, labels = data
    assert labels.forces is not None
    changed = None if labels.stress is None else np.asarray(labels.stress) * stress
    first, second = audit_work(frames, Labels(labels.energy, labels.forces * forces, changed))
    return first, second


@pytest.mark.parametrize("name", ["rattled", "strained"])
def test_right_labels(request: pytest.FixtureRequest, name: str) -> None:
    forces, stress = audited(request.getfixturevalue(name))
    assert forces.status == "ok"
    assert stress.status == ("ok" if name == "strained" else "unanswered")


def test_the_factor_is_one(rattled: Data) -> None:
    (answer, _) = audited(rattled)
    factor = float(answer.text.split("are ")[1].split()[0])
    assert factor == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("factor", "code", "words"),
    [
        (-1.0, "force-sign", "the sign is reversed"),
        (23.06, "force-energy-unit", "kcal/mol/Å (23.06)"),
        (1.0 / 51.42, "force-energy-unit", "Hartree/Bohr (51.42)"),
        (0.5292, "force-energy-unit", "eV/Bohr (1.89)"),
        (-23.06, "force-sign", "the unit is not that of the energies"),
        (7.0, "force-energy-unit", "the unit is not that of the energies"),
    ],
)
@pytest.mark.parametrize("name", ["rattled", "strained"])
def test_wrong_forces(
    request: pytest.FixtureRequest, name: str, factor: float, code: str, words: str
) -> None:
    data = request.getfixturevalue(name)
    (answer, _) = audited(data, forces=factor)
    (finding,) = answer.findings
    assert (finding.severity, finding.code) == ("warning", code)
    assert words in finding.message


@pytest.mark.parametrize(
    ("factor", "code", "words"),
    [
        (-1.0, "stress-sign", "change their sign"),
        (160.2, "stress-unit", "seem to have the unit GPa."),
        (-160.2, "stress-unit", "the unit GPa and the opposite sign"),
        (1602.0, "stress-unit", "seem to have the unit kbar."),
        (-1602.0, "virial-as-stress", "or kbar and the opposite sign"),
        (12.0, "stress-unit", "no usual unit"),
    ],
)
def test_wrong_stress(strained: Data, factor: float, code: str, words: str) -> None:
    (_, answer) = audited(strained, stress=factor)
    (finding,) = answer.findings
    assert (finding.severity, finding.code) == ("warning", code)
    assert words in finding.message


def test_a_virial(strained: Data) -> None:
    (_, answer) = audited(strained, stress=-strained[0].volumes[:, None])
    (finding,) = answer.findings
    assert finding.code == "virial-as-stress"
    assert '[labels] virial = "…"' in finding.message


@pytest.mark.parametrize("name", ["pypolymlp-MgO-1000.extxyz.xz", "amlt-ZrO2-relax-29.extxyz"])
def test_forces_of_real_data(shared_data: Path, name: str) -> None:
    dataset = open_dataset(str(shared_data / name))
    data = dataset.frames, dataset.labels
    assert audited(data)[0].status == "ok"
    for factor, code in (
        (-1.0, "force-sign"),
        (23.06, "force-energy-unit"),
        (1.0 / 51.42, "force-energy-unit"),
    ):
        (finding,) = audited(data, forces=factor)[0].findings
        assert finding.code == code


def test_frames_far_apart_do_not_tell() -> None:
    rng = np.random.default_rng(1)
    images = []
    for _ in range(30):
        atoms = bulk("Cu", cubic=True) * (2, 2, 2)
        atoms.positions = rng.uniform(0.0, 7.0, (32, 3))
        images.append(atoms)
    labels = Labels(rng.normal(size=30), rng.normal(size=(960, 3)))
    for answer in audit_work(Frames.from_atoms(images), labels):
        assert answer.status == "unanswered"


def test_labels_that_have_nothing_to_do_with_each_other(rattled: Data) -> None:
    frames, labels = rattled
    energy = np.random.default_rng(2).normal(size=len(frames))
    (answer, _) = audit_work(frames, Labels(energy, labels.forces))
    assert answer.status == "unanswered"
    assert "the frames allow no conclusion" in answer.text


def test_other_atoms_are_no_pair(rattled: Data) -> None:
    frames, labels = rattled
    numbers = np.random.default_rng(3).choice([28, 29], len(frames.numbers))
    other = Frames(numbers, frames.positions, frames.cells, frames.pbc, frames.offsets)
    (answer, _) = audit_work(other, labels)
    assert "no 10 pairs of frames with the same atoms" in answer.text


def test_shuffled_frames_still_find_their_kind(rattled: Data, strained: Data) -> None:
    """Frames of two systems in turn: pairs are formed within each."""
    sizes = []
    images = []
    energy, forces = [], []
    for index in range(40):
        for frames, labels in (rattled, strained):
            assert labels.energy is not None
            assert labels.forces is not None
            images.append(frames.atoms(index))
            part = slice(int(frames.offsets[index]), int(frames.offsets[index + 1]))
            energy.append(labels.energy[index])
            forces.append(labels.forces[part])
            sizes.append(len(images[-1]))
    both = Labels(np.array(energy), np.concatenate(forces))
    (answer, _) = audit_work(Frames.from_atoms(images), both)
    assert answer.status == "ok"


def test_without_energies(rattled: Data) -> None:
    frames, labels = rattled
    answers = audit_work(frames, Labels(forces=labels.forces))
    assert [answer.status for answer in answers] == ["unanswered", "unanswered"]
