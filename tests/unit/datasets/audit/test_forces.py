from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.neighborlist import neighbor_list

from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import FloatArray, Frames, Labels
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.answers import Answer
from ms25_suite.datasets.audit import forces as force_audit
from ms25_suite.datasets.audit.forces import NET_FORCE, audit_forces

N_FRAMES, N_ATOMS = 50, 8


@pytest.fixture(scope="module")
def frames() -> Frames:
    rng = np.random.default_rng(0)
    return Frames.from_atoms(
        Atoms("Cu4Ni4", rng.uniform(0.0, 20.0, (N_ATOMS, 3))) for _ in range(N_FRAMES)
    )


@pytest.fixture
def forces() -> FloatArray:
    """Shape (n_frames, n_atoms, 3); they add up to zero."""
    values = np.random.default_rng(1).normal(0.0, 1.0, (N_FRAMES, N_ATOMS, 3))
    return np.asarray(values - values.mean(axis=1, keepdims=True))


def audited(frames: Frames, forces: Any) -> tuple[Answer, Answer]:
    first, second = audit_forces(frames, Labels(forces=forces.reshape(-1, 3)))
    return first, second


def only(answer: Answer) -> Finding:
    (finding,) = answer.findings
    return finding


def test_sound_forces(frames: Frames, forces: FloatArray) -> None:
    answers = audited(frames, forces)
    assert [answer.status for answer in answers] == ["ok", "ok"]
    assert "0.921 eV/Å rms" in answers[0].text


def test_no_forces(frames: Frames) -> None:
    answers = audit_forces(frames, Labels())
    assert [(answer.code, answer.status) for answer in answers] == [
        ("forces", "unanswered"),
        ("net-force", "unanswered"),
    ]


def test_net_force_of_all_frames(frames: Frames, forces: FloatArray) -> None:
    forces[:, :, 0] += 0.1
    finding = only(audited(frames, forces)[1])
    assert (finding.severity, finding.code) == ("warning", "net-force")
    assert "sum 0.8 eV/Å, mean 1e+02 meV/Å" in finding.message
    assert "50 of 50 frames (frames 0, 1, 2, 3, 4, …)" in finding.message
    # It concerns all of them.
    assert finding.frames == ()


def test_net_force_of_one_frame_is_a_note(frames: Frames, forces: FloatArray) -> None:
    forces[11, :, 2] += 2.0 * NET_FORCE
    finding = only(audited(frames, forces)[1])
    assert (finding.severity, finding.code, finding.frames) == ("note", "net-force", (11,))
    assert "worst: frame 11" in finding.message


def test_the_noise_of_a_calculation_is_no_net_force(frames: Frames, forces: FloatArray) -> None:
    forces += np.random.default_rng(2).uniform(-1.0, 1.0, (N_FRAMES, 1, 3)) * NET_FORCE
    assert audited(frames, forces)[1].status == "ok"


def copper(displaced: float, seed: int, n_frames: int = 20) -> tuple[Frames, FloatArray]:
    """Cells of 32 Cu and their forces by EMT; atoms 8 to 31 are displaced (Å)."""
    rng = np.random.default_rng(seed)
    images, forces = [], []
    for _ in range(n_frames):
        atoms = bulk("Cu", cubic=True) * 2
        atoms.positions[8:] += rng.normal(0.0, displaced, (24, 3))
        images.append(atoms)
        atoms.calc = EMT()
        forces.append(atoms.get_forces())
    return Frames.from_atoms(images), np.array(forces)


def test_forces_that_a_constraint_has_set_to_zero() -> None:
    frames, forces = copper(0.1, seed=0)
    forces[:, :2] = 0.0
    held, net = audited(frames, forces)
    finding = only(held)
    assert (finding.severity, finding.code) == ("warning", "zeroed-forces")
    assert "40 atoms in 20 frames" in finding.message
    assert "Most often a constraint" in finding.message
    assert net.status == "warning"


def test_many_frames_with_fixed_atoms_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(force_audit, "_LOOKED_AT", 4)
    frames, forces = copper(0.1, seed=0)
    forces[:, :2] = 0.0
    assert "at least 8 atoms in at least 4 frames" in only(audited(frames, forces)[0]).message


def test_symmetry_makes_forces_zero() -> None:
    """Around a vacancy, the atoms that lie opposite to it feel no force; nor does one far away."""
    vacancy = bulk("Cu", cubic=True) * 2
    del vacancy[0]
    crystal = bulk("Cu", a=3.9, cubic=True)
    crystal.numbers[0] = 79
    crystal.set_cell(crystal.cell @ np.diag([1.0, 1.02, 1.05]), scale_atoms=True)
    carbon_dioxide = Atoms("OCO", [[0.0, 0.0, 0.0], [1.2, 0.0, 0.0], [2.4, 0.0, 0.0]])
    methane = molecule("CH4")
    methane.positions *= 1.1
    lone = Atoms("Cu3", [[0.0, 0.0, 0.0], [2.3, 0.0, 0.0], [20.0, 0.0, 0.0]])
    images = [vacancy, crystal, carbon_dioxide, methane, lone]
    forces = []
    for atoms in images:
        first, vectors = neighbor_list("iD", atoms, 5.0)
        pull = np.zeros((len(atoms), 3))
        np.add.at(pull, first, vectors / np.linalg.norm(vectors, axis=1)[:, None] ** 3)
        pull[np.abs(pull) < 1e-9] = 0.0
        forces.append(pull)
    # Two atoms of each frame feel some force; here the symmetric ones do not matter.
    forces[1][2:] = [[0.1, 0.0, 0.0], [-0.1, 0.0, 0.0]]
    flat = np.concatenate(forces)
    frames = Frames.from_atoms(images)
    assert (flat == 0.0).all(axis=1).sum() > 4
    found = audit_forces(frames, Labels(forces=flat))[0].findings
    assert [finding.code for finding in found] == []


def test_forces_of_few_digits_are_zero_by_rounding() -> None:
    frames, forces = copper(0.002, seed=3)
    rounded = np.round(forces, 2)
    assert (rounded == 0.0).all(axis=2).any()
    assert audited(frames, rounded)[0].status == "ok"


def test_a_frame_at_rest_may_have_no_forces(frames: Frames, forces: FloatArray) -> None:
    forces[3] = 0.0
    assert audited(frames, forces)[0].status == "ok"


@pytest.mark.parametrize(
    ("factor", "name"),
    [(23.06, "kcal/mol/Å (23.06)"), (1.0 / 51.42, "Hartree/Bohr (51.42)"), (1000.0, "meV/Å")],
)
def test_frames_in_another_unit(
    frames: Frames, forces: FloatArray, factor: float, name: str
) -> None:
    forces[[2, 20, 40, 41]] *= factor
    finding = only(audited(frames, forces)[0])
    assert finding.code == "mixed-force-units"
    assert finding.frames == (2, 20, 40, 41)
    assert "factor between eV/Å and" in finding.message
    assert name in finding.message


def of_two_kinds(displaced: float) -> tuple[Frames, Labels]:
    """Ten calm cells of Cu and twelve with displacements of 0.1 Å, labelled by EMT."""
    parts = [copper(displaced, seed=1, n_frames=10), copper(0.1, seed=2, n_frames=12)]
    images = [frames.atoms(i) for frames, _ in parts for i in range(len(frames))]
    energy = []
    for atoms in images:
        atoms.calc = EMT()
        energy.append(atoms.get_potential_energy())
    forces = np.concatenate([found.reshape(-1, 3) for _, found in parts])
    return Frames.from_atoms(images), Labels(energy=np.array(energy), forces=forces)


def test_calm_and_distorted_frames_mix_no_units() -> None:
    frames, labels = of_two_kinds(0.004)
    assert "mixed-force-units" not in [f.code for f in audit_forces(frames, labels)[0].findings]
    # Without energies both are possible.
    finding = only(audit_forces(frames, Labels(forces=labels.forces))[0])
    assert (finding.code, finding.severity) == ("mixed-force-units", "note")
    assert "relaxed frames beside heated or distorted ones" in finding.message


def test_energies_tell_mixed_units_from_calm_frames() -> None:
    frames, labels = of_two_kinds(0.1)
    assert labels.forces is not None
    forces = labels.forces.copy()
    forces[:320] *= 23.06
    finding = only(audit_forces(frames, Labels(energy=labels.energy, forces=forces))[0])
    assert (finding.code, finding.severity) == ("mixed-force-units", "warning")
    assert "the energies do not differ" in finding.message


@pytest.mark.parametrize("factor", [3.0, 8.0, 300.0])
def test_other_factors_are_no_units(frames: Frames, forces: FloatArray, factor: float) -> None:
    forces[:10] /= factor
    assert audited(frames, forces)[0].status == "ok"


def test_an_unbroken_range_of_forces_is_a_relaxation(frames: Frames, forces: FloatArray) -> None:
    forces *= np.logspace(0.0, -4.0, N_FRAMES)[:, None, None]
    assert audited(frames, forces)[0].status == "ok"


def test_all_forces_in_another_unit(frames: Frames, forces: FloatArray) -> None:
    finding = only(audited(frames, 1000.0 * forces)[0])
    assert finding.code == "force-unit"
    assert "they are hardly eV/Å" in finding.message


def pulled(forces: FloatArray, chosen: Any) -> FloatArray:
    forces[chosen, 0] += [40.0, 0.0, 0.0]
    forces[chosen, 1] -= [40.0, 0.0, 0.0]
    return forces


def test_atoms_that_have_collided(frames: Frames, forces: FloatArray) -> None:
    finding = only(audited(frames, pulled(forces, [13]))[0])
    assert (finding.severity, finding.code, finding.frames) == ("warning", "force-outliers", (13,))
    assert "On 2 atoms in 1 of 50 frames (frame 13)" in finding.message


def test_many_such_frames_are_of_another_kind(frames: Frames, forces: FloatArray) -> None:
    finding = only(audited(frames, pulled(forces, slice(0, 10)))[0])
    assert (finding.severity, finding.code) == ("note", "force-outliers")
    assert "distorted on purpose" in finding.message


def test_short_distances_explain_large_forces(frames: Frames, forces: FloatArray) -> None:
    positions = np.array(frames.positions)
    # Atoms 0 and 1 of frame 13, 1.5 Å apart: the covalent radii of Cu add up to 2.64 Å.
    positions[13 * N_ATOMS + 1] = positions[13 * N_ATOMS] + [1.5, 0.0, 0.0]
    close = replace(frames, positions=positions)
    finding = only(audited(close, pulled(forces, [13]))[0])
    assert (finding.severity, finding.code, finding.frames) == ("note", "force-outliers", (13,))
    assert "Atoms are so close there" in finding.message


def test_atoms_pressed_together_explain_large_forces(frames: Frames, forces: FloatArray) -> None:
    pressed = replace(frames, positions=0.1 * np.array(frames.positions))
    finding = only(audited(pressed, 1000.0 * forces)[0])
    assert (finding.severity, finding.code) == ("note", "force-unit")


def test_forces_in_atomic_units_and_gradients_are_noticed_under_any_name() -> None:
    dataset = open_dataset("water-64")
    frames, labels = dataset.part(range(12))
    right = np.asarray(labels.forces)
    for factor, code in ((1 / 51.42, "force-unit"), (-1.0, "force-sign"), (1.0, None)):
        answers = audit_forces(frames, replace(labels, forces=factor * right))
        codes = [finding.code for finding in answers[0].findings]
        assert codes == ([code] if code else [])
