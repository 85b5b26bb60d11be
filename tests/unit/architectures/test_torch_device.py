from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from ms25_suite.architectures.torch_device import expect_device
from ms25_suite.core.errors import PotentialError


@pytest.fixture
def gpu(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = SimpleNamespace(is_available=lambda: request.param, device_count=lambda: 2)
    mps = SimpleNamespace(is_available=lambda: request.param)
    fake = SimpleNamespace(cuda=cuda, backends=SimpleNamespace(mps=mps))
    monkeypatch.setitem(sys.modules, "torch", fake)


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(
    ("gpu", "device"),
    [(False, "cpu"), (True, "cpu"), (True, "cuda"), (True, "cuda:1"), (True, "mps")],
    indirect=["gpu"],
)
def test_a_device_that_is_there(device: str) -> None:
    expect_device(device)


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("gpu", [False], indirect=True)
@pytest.mark.parametrize("device", ["cuda", "cuda:1", "mps"])
def test_no_gpu(device: str) -> None:
    with pytest.raises(PotentialError, match=f"'{device}' was asked for.*Use --device=cpu"):
        expect_device(device)


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("gpu", [True], indirect=True)
def test_a_gpu_with_a_number_that_is_not_there() -> None:
    with pytest.raises(PotentialError, match=r"'cuda:2' was asked for, but PyTorch finds 2 CUDA"):
        expect_device("cuda:2")


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("gpu", [True], indirect=True)
def test_mps_has_no_double_precision() -> None:
    expect_device("mps", "float32")
    with pytest.raises(PotentialError, match=r"no float64.*--dtype=float32"):
        expect_device("mps", "float64")
