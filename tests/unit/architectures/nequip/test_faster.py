"""Faster forms of NequIP and Allegro, as far as that needs neither the framework nor a GPU."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from ms25_suite.architectures.nequip.model import (
    AllegroArchitecture,
    NequipArchitecture,
    NequipModel,
)

torch = pytest.importorskip("torch")

KERNELS = "cuequivariance-ops-torch-cu13"


@pytest.fixture
def model() -> NequipModel:
    made = NequipModel.__new__(NequipModel)
    made.device = "cpu"
    made._model = torch.nn.Linear(2, 2)
    # It belongs to this model, and must not be that of another one.
    vars(made)["_runner"] = "a runner"
    return made


def installed(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    def find_spec(name: str) -> object | None:
        return SimpleNamespace() if name in names else None

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)


@pytest.mark.parametrize(
    ("device", "accelerators", "target"),
    [
        ("cpu", [KERNELS], "batch"),
        ("cuda:1", [], "batch"),
        ("cuda:1", ["cuequivariance-torch"], "batch"),
        ("cuda:1", ["cuequivariance-torch", KERNELS], ""),
    ],
)
def test_allegro_is_compiled_unless_a_gpu_has_the_kernels(
    device: str, accelerators: list[str], target: str
) -> None:
    assert AllegroArchitecture().compiled_for(device, accelerators) == target
    assert NequipArchitecture().compiled_for(device, accelerators) == "batch"


def test_which_forms_there_are(model: NequipModel, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    assert AllegroArchitecture().faster(model, device="cuda") == {}
    installed(monkeypatch, "cuequivariance_ops_torch")
    assert list(AllegroArchitecture().faster(model, device="cuda")) == ["cuEquivariance"]
    assert AllegroArchitecture().faster(model, device="cpu") == {}
    # Slower than the plain one.
    assert NequipArchitecture().faster(model, device="cuda") == {}
    # A file that was compiled already.
    compiled: Any = SimpleNamespace()
    assert AllegroArchitecture().faster(compiled, device="cuda") == {}


def test_a_copy_is_modified(model: NequipModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def modify(network: Any, modifiers: list[dict[str, str]]) -> Any:
        assert modifiers == [{"modifier": "enable_CuEquivarianceContracter"}]
        network.weight = torch.nn.Parameter(torch.zeros(2, 2))
        return network

    for name in ("nequip", "nequip.model"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    fake = ModuleType("nequip.model.modify_utils")
    fake.modify = modify  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, fake.__name__, fake)
    installed(monkeypatch, "cuequivariance_ops_torch")
    made = AllegroArchitecture().faster(model, device="cuda")["cuEquivariance"]()
    assert bool((made._model.weight == 0).all())
    assert not made._model.weight.requires_grad
    assert not bool((model._model.weight == 0).all())
    assert "_runner" not in vars(made)
    assert vars(model)["_runner"] == "a runner"
