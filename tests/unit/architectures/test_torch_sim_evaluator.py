from __future__ import annotations

import importlib.util
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from ms25_suite.architectures.torch_sim_evaluator import TorchSimEvaluator, expect_torch_sim
from ms25_suite.core.errors import NotApplicableError
from ms25_suite.core.frames import Frames

torch = pytest.importorskip("torch")


class Model:
    """E = number of atoms, forces = positions, stress = index of the component."""

    device, dtype = "cpu", "float64"

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, images: list[Atoms]) -> dict[str, Any]:
        assert len({tuple(atoms.pbc) for atoms in images}) == 1
        self.batches.append(len(images))
        positions = np.concatenate([atoms.positions for atoms in images])
        return {
            "energy": torch.tensor([float(len(atoms)) for atoms in images]),
            "forces": torch.tensor(positions, dtype=torch.float32),
            "stress": torch.arange(9.0).reshape(1, 3, 3).repeat(len(images), 1, 1),
            "charges": None,
        }


@pytest.fixture
def torch_sim(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("torch_sim")
    module.__spec__ = SimpleNamespace()  # type: ignore[assignment]
    module.initialize_state = lambda images, device, dtype: images  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch_sim", module)


@pytest.mark.usefixtures("torch_sim")
def test_frames_of_one_periodicity_are_one_batch() -> None:
    images = [bulk("Cu", cubic=True), molecule("H2O"), bulk("Ni"), molecule("CO")]
    frames, model = Frames.from_atoms(images), Model()
    found = TorchSimEvaluator(model).predict(frames)
    assert model.batches == [2, 2]
    assert found.energy is not None
    assert found.stress is not None
    assert found.energy.tolist() == [4.0, 3.0, 1.0, 2.0]
    np.testing.assert_allclose(found.forces, frames.positions, atol=1e-6)
    # Symmetric, in Voigt order; a molecule has none.
    assert found.stress[2].tolist() == [0.0, 4.0, 8.0, 6.0, 4.0, 2.0]
    assert np.isnan(found.stress[[1, 3]]).all()


@pytest.mark.usefixtures("torch_sim")
def test_a_version_that_does_not_fit_is_said() -> None:
    with pytest.raises(NotApplicableError, match="cannot be used with this package: no such"):
        _fail()


def _fail() -> None:
    with expect_torch_sim():
        msg = "no such name"
        raise ImportError(msg)


def test_without_torch_sim_it_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NotApplicableError, match="pip install torch-sim-atomistic"):
        _fail()
