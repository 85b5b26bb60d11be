"""MACE with the kernels of other libraries, as far as that needs neither them nor a GPU."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ms25_suite.architectures.mace.inputs import Heads
from ms25_suite.architectures.mace.model import MaceArchitecture, MaceModel

pytestmark = pytest.mark.mace


def network() -> Any:
    import torch

    class Network(torch.nn.Module):
        """What `MaceModel` reads of a module of MACE."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
            self.register_buffer("atomic_numbers", torch.tensor([8, 14]))
            self.register_buffer("r_max", torch.tensor(4.0))

    return Network()


@pytest.fixture
def model() -> MaceModel:
    return MaceModel(network(), "cpu", Heads(["pbe"], "model"))


def installed(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    def find_spec(name: str) -> object | None:
        return SimpleNamespace() if name in names else None

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)


def test_a_cpu_has_no_faster_form(model: MaceModel, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "cuequivariance_ops_torch", "openequivariance")
    assert MaceArchitecture().faster(model, device="cpu") == {}


@pytest.mark.parametrize(
    ("names", "forms"),
    [
        ((), []),
        (("cuequivariance_ops_torch",), ["cuEquivariance"]),
        (("openequivariance", "cuequivariance_ops_torch"), ["cuEquivariance", "OpenEquivariance"]),
    ],
)
def test_a_gpu_has_those_that_are_installed(
    model: MaceModel, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], forms: list[str]
) -> None:
    installed(monkeypatch, *names)
    assert list(MaceArchitecture().faster(model, device="cuda:1")) == forms


def test_a_copy_is_converted(model: MaceModel, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    seen: list[tuple[Any, str]] = []

    def run(source: Any, device: str) -> Any:
        seen.append((source, device))
        source.weight = torch.nn.Parameter(2.0 * source.weight)
        return source

    fake = ModuleType("mace.cli.convert_e3nn_cueq")
    fake.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, fake.__name__, fake)
    # There is no GPU to move it to.
    monkeypatch.setattr(torch.nn.Module, "to", lambda self, *_: self)
    monkeypatch.setattr(torch, "eye", lambda n, **_: torch.from_numpy(np.identity(n)))
    installed(monkeypatch, "cuequivariance_ops_torch")
    made = MaceArchitecture().faster(model, device="cuda:1")["cuEquivariance"]()
    ((source, device),) = seen
    assert device == "cuda"
    assert source is not model.network
    assert float(model.network.weight) == 1.0
    assert float(made.network.weight) == 2.0
    assert made.device == "cuda:1"
    assert made.heads is model.heads
    assert made.info == model.info
    assert not made.network.weight.requires_grad
