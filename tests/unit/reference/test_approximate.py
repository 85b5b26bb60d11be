"""Approximate potentials."""

from __future__ import annotations

import pickle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

import ms25_suite.training
from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import LabelError, ReferenceCalculatorError, TrainingError
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import Potential
from ms25_suite.reference.approximate import ApproximatePotential, approximate_potential
from ms25_suite.reference.labels import label
from ms25_suite.training import Trainer, TrainingData, TrainingRequest
from tests.helpers.fake_training import manifest

ARGUMENTS: dict[str, Any] = {"name": "cuni", "level_of_theory": "EMT", "cutoff": 5.0, "seed": 3}


def images(n: int) -> list[Atoms]:
    """Distorted cells of a CuNi alloy with labels."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(n):
        atoms = bulk("Cu", cubic=True, a=3.6)
        atoms.numbers[:2] = 28
        atoms.rattle(0.1, rng=rng)
        label(atoms, EMT())
        found.append(atoms)
    return found


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was asked of the training, which is none here."""
    calls: list[Any] = []

    def train(
        trainer: Trainer, request: TrainingRequest, data: TrainingData, **options: Any
    ) -> Any:
        assert trainer.name == "mace"
        calls.append((request, data, options))
        made = manifest(validation_errors={"forces_rmse": 0.1})
        return SimpleNamespace(model_path=Path("some.model"), manifest=made)

    monkeypatch.setattr(ms25_suite.training, "train", train)
    return calls


def test_what_is_trained(asked: list[Any]) -> None:
    given = images(22)
    found = approximate_potential(given, **ARGUMENTS)
    assert found == ApproximatePotential(Path("some.model"), "ab" * 32)
    assert found.validation_errors == {"forces_rmse": 0.1}
    ((request, data, options),) = asked
    assert (request.n_train, request.seed, request.budget) == (20, 3, "approximate")
    assert (data.name, data.level_of_theory, data.cutoff) == ("approximate-cuni", "EMT", 5.0)
    # A killed training that continued would end at other weights.
    assert options == {"threads": 1, "resume": False, "progress": None}
    held_back = [given[9], given[19]]
    frames, labels = data.validation
    assert np.array_equal(frames.positions, np.concatenate([a.positions for a in held_back]))
    assert np.array_equal(labels.energy, [a.info["REF_energy"] for a in held_back])
    assert np.array_equal(
        labels.forces, np.concatenate([a.arrays["REF_forces"] for a in held_back])
    )
    assert np.array_equal(labels.stress, [a.info["REF_stress"] for a in held_back])
    assert len(data.train[0]) == 20


def test_few_frames_leave_one_for_validation(asked: list[Any]) -> None:
    approximate_potential(images(2), **ARGUMENTS)
    ((request, data, _),) = asked
    assert (request.n_train, len(data.validation[0])) == (1, 1)


def test_too_few_frames() -> None:
    with pytest.raises(ReferenceCalculatorError, match="found 1 labelled frames"):
        approximate_potential(images(1), **ARGUMENTS)


def test_frames_without_labels() -> None:
    given = images(3)
    del given[1].info["REF_stress"]
    del given[1].arrays["REF_forces"]
    # Frame 1 of those to train on.
    with pytest.raises(LabelError, match=r"frame 1 \(Cu2Ni2\) has no REF_stress, REF_forces"):
        approximate_potential(given, **ARGUMENTS)


def test_an_element_that_only_validation_frames_hold() -> None:
    given = images(10)
    given[9].numbers[0] = 79
    with pytest.raises(TrainingError, match=r"atomic numbers \[79\], which no training frame"):
        approximate_potential(given, **ARGUMENTS)


@pytest.mark.mace
def test_a_model_that_changed_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("mace")
    path = tmp_path / "some.model"
    path.write_text("other weights")
    changed = ApproximatePotential(path, "0" * 64)
    with (
        pytest.raises(ReferenceCalculatorError, match="changed since it was trained"),
        changed.calculator(),
    ):
        pass


@pytest.mark.mace
def test_the_calculator_lives_in_a_process_that_ends_with_the_block(
    tiny_mace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mace")
    opened: list[Potential] = []

    def recording(*arguments: Any) -> Potential:
        opened.append(from_model_file(*arguments))
        return opened[-1]

    monkeypatch.setattr("ms25_suite.potentials.opening.from_model_file", recording)
    carried = pickle.loads(pickle.dumps(ApproximatePotential(tiny_mace, file_sha256(tiny_mace))))
    (atoms, *_) = images(1)
    with carried.calculator() as calculator:
        atoms.calc = calculator
        # float32 rounds to 1e-7 of the forces of an edge, some eV/Å; they cancel in the sum.
        assert atoms.get_forces().sum(axis=0) == pytest.approx(0.0, abs=1e-4)
        (pid,) = opened[0].worker_pids
        assert Path(f"/proc/{pid}").exists() or not Path("/proc").exists()
    assert not Path(f"/proc/{pid}/exe").exists()
