from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import FloatArray, Frames, Labels
from ms25_suite.datasets.answers import Answer
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


def test_forces_that_a_constraint_has_set_to_zero(frames: Frames, forces: FloatArray) -> None:
    forces[:20, :2] = 0.0
    held, net = audited(frames, forces)
    finding = only(held)
    assert (finding.severity, finding.code) == ("warning", "zeroed-forces")
    assert "40 atoms in 20 frames" in finding.message
    assert net.status == "warning"


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
    assert "they cannot be eV/Å" in finding.message


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
