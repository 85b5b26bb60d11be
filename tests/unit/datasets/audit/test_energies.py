from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import FloatArray, Frames, Labels
from ms25_suite.core.inputs import Inputs
from ms25_suite.core.units import ENERGY_UNITS
from ms25_suite.datasets.answers import Answer
from ms25_suite.datasets.audit.energies import audit_energies
from ms25_suite.datasets.audit.run import audit_frames, findings_of, frame_digests

N = 40


@pytest.fixture(scope="module")
def frames() -> Frames:
    rng = np.random.default_rng(0)
    images = []
    for n in range(N):
        formula = f"Cu{4 + n % 3}Ni{4 + n % 4}"
        atoms = Atoms(formula)
        atoms.positions = rng.uniform(0, 50, (len(atoms), 3))
        images.append(atoms)
    return Frames.from_atoms(images)


@pytest.fixture
def energy(frames: Frames) -> FloatArray:
    rng = np.random.default_rng(1)
    counts = np.array([[4 + n % 3, 4 + n % 4] for n in range(N)])
    return np.asarray(counts @ [-3.5, -5.0] + frames.n_atoms * rng.normal(0.0, 0.01, N))


def audited(frames: Frames, energy: FloatArray) -> Answer:
    return audit_energies(frames, Labels(energy=energy))


def test_sound_energies(frames: Frames, energy: FloatArray) -> None:
    answer = audited(frames, energy)
    assert answer.status == "ok"
    assert "one unit in all 40 frames" in answer.text


@pytest.mark.parametrize("name", ENERGY_UNITS)
@pytest.mark.parametrize("way", [1.0, -1.0], ids=["larger", "smaller"])
def test_frames_in_another_unit(frames: Frames, energy: FloatArray, name: str, way: float) -> None:
    energy[[3, 17, 30]] *= ENERGY_UNITS[name] ** way
    (finding,) = audited(frames, energy).findings
    assert finding.code == "mixed-energy-units"
    assert finding.severity == "warning"
    assert finding.frames == (3, 17, 30)
    assert f"{name} ({ENERGY_UNITS[name]:.4g})" in finding.message
    assert "3 of 40 frames (frames 3, 17, 30)" in finding.message


def test_energies_per_atom_among_totals(frames: Frames, energy: FloatArray) -> None:
    energy[[5, 6]] /= frames.n_atoms[[5, 6]]
    (finding,) = audited(frames, energy).findings
    assert finding.code == "mixed-energy-units"
    assert finding.frames == (5, 6)
    assert "the energy of one atom" in finding.message


def test_another_factor_is_an_outlier(frames: Frames, energy: FloatArray) -> None:
    energy[9] *= 5.0
    (finding,) = audited(frames, energy).findings
    assert finding.code == "energy-outliers"
    assert finding.frames == (9,)


@pytest.mark.parametrize("off", [10.0, 1e3, 1e6])
def test_an_outlier_of_an_unusual_composition_does_not_hide_itself(off: float) -> None:
    """A fit by least squares follows it and gives its error to frames of other compositions."""
    counts = np.array([[9, 7]] * 20 + [[n, 16 - n] for n in range(6, 13)] + [[3, 13]])
    images = [Atoms(f"Cu{n}Ni{m}", positions=np.zeros((16, 3))) for n, m in counts]
    energy = counts @ [-3.5, -5.0]
    energy[-1] += 16 * off
    (finding,) = audited(Frames.from_atoms(images), energy).findings
    assert (finding.code, finding.frames) == ("energy-outliers", (27,))


def test_energies_around_zero_have_no_ratio(frames: Frames) -> None:
    energy = np.random.default_rng(2).normal(0.0, 0.1, N)
    answer = audited(frames, energy)
    assert answer.status == "ok"
    assert "too different from each other to compare their units" in answer.text


def test_few_frames(frames: Frames, energy: FloatArray) -> None:
    few = frames.select([0, 1])
    answer = audit_energies(few, Labels(energy=energy[:2]))
    assert answer.status == "ok"
    assert "too few frames to find outliers" in answer.text


def test_no_energies(frames: Frames) -> None:
    assert audit_energies(frames, Labels()).status == "unanswered"


def findings_by_code(images: list[Atoms], **labels: Any) -> dict[str, Finding]:
    frames = Frames.from_atoms(images)
    answers = audit_frames(frames, Labels(**labels), frame_digests(frames))
    return {finding.code: finding for finding in findings_of(answers)}


def rattled(n: int, n_atoms: int = 4) -> list[Atoms]:
    rng = np.random.default_rng(1)
    images = []
    for _ in range(n):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.05, rng=rng)
        images.append(atoms)
    return images


def test_energy_outliers_allow_for_composition() -> None:
    rng = np.random.default_rng(0)
    images = [Atoms(f"Cu{1 + n % 3}Ni{1 + n % 4}") for n in range(40)]
    for atoms in images:
        atoms.positions = rng.uniform(0, 50, (len(atoms), 3))
    counts = np.array([[1 + n % 3, 1 + n % 4] for n in range(40)])
    energy = counts @ [-3.5, -50.0] + rng.normal(0, 0.01, 40)
    assert "energy-outliers" not in findings_by_code(images, energy=energy)
    energy[17] += 10.0 * counts[17].sum()
    finding = findings_by_code(images, energy=energy)["energy-outliers"]
    assert finding.frames == (17,)


def test_constant_energy() -> None:
    assert "constant-energy" in findings_by_code(rattled(5), energy=np.full(5, -1.0))
    assert "constant-energy" not in findings_by_code(rattled(5), energy=np.arange(5) * 0.01)


def test_copies_of_one_structure_have_one_energy() -> None:
    images = []
    for angle in range(5):
        atoms = molecule("C2H6")
        atoms.rotate(17.0 * angle, "x")
        images.append(atoms)
    finding = findings_by_code(images, energy=np.full(5, -1.0))["constant-energy"]
    assert finding.severity == "note"
    assert "copies of one structure" in finding.message


def test_dimers_beside_the_bulk_have_other_energies() -> None:
    """Their energies per atom are those of the bulk over 13.6, or far off, and no mistake."""
    images = rattled(30)
    for length in (2.0, 2.2, 2.5, 3.0):
        images.append(
            Atoms("Cu2", [[0.0, 0.0, 0.0], [0.0, 0.0, length]], cell=[9, 9, 12], pbc=True)
        )
    rng = np.random.default_rng(3)
    energy = np.array([-14.8] * 30 + [-0.544] * 4) + rng.normal(0.0, 1e-3, 34)
    found = findings_by_code(images, energy=energy)
    assert "mixed-energy-units" not in found
    outliers = found["energy-outliers"]
    assert (outliers.severity, outliers.frames) == ("note", (30, 31, 32, 33))
    assert "unlike those of the others" in outliers.message


def test_a_wrong_energy_among_frames_of_another_kind_is_a_warning() -> None:
    images = rattled(30)
    images.append(Atoms("Cu2", [[0.0, 0.0, 0.0], [0.0, 0.0, 2.2]], cell=[9, 9, 12], pbc=True))
    energy = np.array([-14.8] * 30 + [-0.6]) + np.random.default_rng(3).normal(0.0, 1e-3, 31)
    energy[7] += 8.0
    finding = findings_by_code(images, energy=energy)["energy-outliers"]
    assert (finding.severity, finding.frames) == ("warning", (7,))


def test_ions_among_molecules_are_no_failed_calculations() -> None:
    rng = np.random.default_rng(0)
    images = []
    for index in range(24):
        atoms = molecule("H2O")
        atoms.rattle(0.02, rng=rng)
        atoms.info["charge"] = 1 if index % 6 == 0 else 0
        images.append(atoms)
    frames = Frames.from_atoms(images)
    energy = -14.0 + rng.normal(0.0, 0.03, 24) + 12.0 * frames.inputs["total_charge"].values
    (finding,) = audited(frames, energy).findings
    assert (finding.code, finding.severity) == ("energy-outliers", "note")
    assert finding.frames == (0, 6, 12, 18)
    (finding,) = audited(replace(frames, inputs=Inputs()), energy).findings
    assert finding.severity == "warning"
