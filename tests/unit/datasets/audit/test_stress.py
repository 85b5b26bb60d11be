from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.frames import Frames, Labels
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.audit.stress import audit_stress, composition


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


def test_composition_counts_the_elements_of_each_frame() -> None:
    images = [Atoms(formula) for formula in ("H2O", "Pt4CH4", "OH", "C")]
    frames = Frames.from_atoms(images)
    assert frames.elements == (1, 6, 8, 78)
    assert composition(frames).tolist() == [[2, 0, 1, 0], [4, 1, 0, 4], [1, 0, 1, 0], [0, 1, 0, 0]]
    assert composition(frames.select([])).shape == (0, 0)
