from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import Frames, Labels
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.audit.questions import audit_frames, findings_of, frame_digests
from ms25_suite.datasets.audit.stress import audit_stress
from ms25_suite.datasets.findings import frame_list


def audited(images: list[Atoms], **labels: Any) -> dict[str, Finding]:
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


@pytest.fixture(scope="module")
def copper() -> tuple[Frames, Labels]:
    """Copper by EMT at volumes from -6 to +6 %: positive modulus, stress in eV/Å^3."""
    rng = np.random.default_rng(5)
    images, energy, forces, stress = [], [], [], []
    for scale in np.repeat(np.linspace(0.98, 1.02, 10), 4):
        atoms = bulk("Cu", a=3.6 * scale, cubic=True) * (2, 2, 2)
        atoms.rattle(0.05, rng=rng)
        atoms.calc = EMT()
        images.append(atoms)
        energy.append(atoms.get_potential_energy())
        forces.append(atoms.get_forces())
        stress.append(atoms.get_stress())
    labels = Labels(np.array(energy), np.concatenate(forces), np.array(stress))
    return Frames.from_atoms(images), labels


def scaled(labels: Labels, factor: Any) -> Labels:
    assert labels.stress is not None
    return Labels(labels.energy, labels.forces, labels.stress * factor)


def test_sound_frames_have_no_findings(copper: tuple[Frames, Labels]) -> None:
    frames, labels = copper
    answers = audit_frames(frames, labels, frame_digests(frames))
    assert findings_of(answers) == ()
    # Most of the energy differences is work of the forces.
    assert [answer.code for answer in answers if answer.status != "ok"] == ["stress-work"]


def test_duplicates_after_rounding() -> None:
    images = rattled(6)
    copy = images[2].copy()
    copy.positions += 1e-7
    other = images[2].copy()
    other.positions[0, 0] += 1e-3
    images += [copy, other, images[0].copy()]
    finding = audited(images)["duplicate-frames"]
    assert finding.frames == (6, 8)
    assert finding.severity == "warning"
    assert "2 of 9 frames" in finding.message


def test_a_frame_is_more_than_its_positions() -> None:
    image = rattled(1)[0]
    other_cell, other_element, molecule = image.copy(), image.copy(), image.copy()
    other_cell.set_cell(image.cell * 1.01)
    other_element.numbers[0] = 28
    molecule.pbc = False
    images = [image, other_cell, other_element, molecule]
    assert len(np.unique(frame_digests(Frames.from_atoms(images)))) == 4


def test_negative_zero_is_zero() -> None:
    image = bulk("Cu")
    image.positions[:] = 0.0
    mirror = image.copy()
    mirror.positions[:] = -1e-9
    digests = frame_digests(Frames.from_atoms([image, mirror]))
    assert digests[0] == digests[1]


def test_mixed_periodicity() -> None:
    images = rattled(3)
    images[1].pbc = (True, True, False)
    finding = audited(images)["mixed-periodicity"]
    assert finding.frames == (1,)
    assert "TTF" in finding.message
    assert "mixed-periodicity" not in audited(rattled(3))


@pytest.mark.parametrize("periodic", ["cell", "slab", "molecule", "molecule with a small cell"])
def test_overlapping_atoms(periodic: str) -> None:
    def pair(distance: float) -> Atoms:
        atoms = Atoms("Cu2", positions=[[0.0, 0.0, 0.1], [0.0, 0.0, 0.1 + distance]])
        if periodic == "cell":
            # Through the boundary.
            atoms.positions[1, 2] = 5.1 - distance
            atoms.set_cell([5.0, 5.0, 5.0])
            atoms.pbc = True
        elif periodic == "slab":
            atoms.set_cell([5.0, 5.0, 0.0])
            atoms.pbc = (True, True, False)
        elif periodic == "molecule with a small cell":
            atoms.set_cell([0.2, 0.2, 0.2])
        return atoms

    finding = audited([pair(2.0), pair(0.4), pair(0.6)])["overlapping-atoms"]
    assert finding.frames == (1,)
    assert "0.400 Å" in finding.message


def test_energy_outliers_allow_for_composition() -> None:
    rng = np.random.default_rng(0)
    images = [Atoms(f"Cu{1 + n % 3}Ni{1 + n % 4}") for n in range(40)]
    for atoms in images:
        atoms.positions = rng.uniform(0, 50, (len(atoms), 3))
    counts = np.array([[1 + n % 3, 1 + n % 4] for n in range(40)])
    energy = counts @ [-3.5, -50.0] + rng.normal(0, 0.01, 40)
    assert "energy-outliers" not in audited(images, energy=energy)
    energy[17] += 10.0 * counts[17].sum()
    finding = audited(images, energy=energy)["energy-outliers"]
    assert finding.frames == (17,)


def test_constant_energy() -> None:
    assert "constant-energy" in audited(rattled(5), energy=np.full(5, -1.0))
    assert "constant-energy" not in audited(rattled(5), energy=np.arange(5) * 0.01)


@pytest.mark.parametrize(
    ("factor", "unit"), [(160.21766208, "GPa"), (1602.1766208, "kbar")], ids=["GPa", "kbar"]
)
def test_stress_in_another_unit(copper: tuple[Frames, Labels], factor: float, unit: str) -> None:
    frames, labels = copper
    (finding,) = audit_stress(frames, scaled(labels, factor)).findings
    assert finding.code == "stress-unit"
    assert finding.severity == "warning"
    assert f"likely {unit}" in finding.message
    assert f"divide by {factor:.6g}" in finding.message
    assert "change the sign" not in finding.message


def test_kbar_as_vasp_prints_them(copper: tuple[Frames, Labels]) -> None:
    frames, labels = copper
    (finding,) = audit_stress(frames, scaled(labels, -1602.1766208)).findings
    assert finding.code == "stress-unit"
    assert "likely kbar" in finding.message
    assert "change the sign" in finding.message


def test_a_virial_under_the_name_of_a_stress(copper: tuple[Frames, Labels]) -> None:
    frames, labels = copper
    (finding,) = audit_stress(frames, scaled(labels, -frames.volumes[:, None])).findings
    assert finding.code == "virial-as-stress"
    assert '[labels] virial = "…"' in finding.message


def test_stress_with_the_wrong_sign(copper: tuple[Frames, Labels]) -> None:
    frames, labels = copper
    (finding,) = audit_stress(frames, scaled(labels, -1.0)).findings
    assert finding.code == "stress-sign"
    assert "change the sign" in finding.message


def test_a_stress_that_no_unit_explains(copper: tuple[Frames, Labels]) -> None:
    frames, labels = copper
    (finding,) = audit_stress(frames, scaled(labels, 1e9)).findings
    assert "No usual unit" in finding.message


def test_no_stress_no_finding(copper: tuple[Frames, Labels]) -> None:
    frames, labels = copper
    answer = audit_stress(frames, Labels(labels.energy, labels.forces))
    assert answer.status == "unanswered"
    assert answer.text == "there are no stresses"


@pytest.mark.parametrize("name", ["hea", "mgo"])
@pytest.mark.parametrize(
    ("factor", "unit"), [(160.21766208, "GPa"), (1602.1766208, "kbar")], ids=["GPa", "kbar"]
)
def test_units_of_real_data(request: Any, name: str, factor: float, unit: str) -> None:
    if name == "hea":
        dataset = open_dataset("hea")
    else:
        folder: Path = request.getfixturevalue("shared_data")
        dataset = open_dataset(str(folder / "pypolymlp-MgO-1000.extxyz.xz"))
    assert audit_stress(dataset.frames, dataset.labels).status == "ok"
    (finding,) = audit_stress(dataset.frames, scaled(dataset.labels, factor)).findings
    assert f"likely {unit}" in finding.message


def test_lists_of_frames_are_short() -> None:
    assert frame_list([3]) == "frame 3"
    assert frame_list([3, 4]) == "frames 3, 4"
    assert frame_list(list(range(9))) == "frames 0, 1, 2, 3, 4, …"


def test_a_finding_survives_the_store() -> None:
    finding = Finding("code", "message", "note", (1, 2))
    assert Finding.from_dict(finding.to_dict()) == finding
