from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from ms25_suite.architectures.torch_device import expect_device
from ms25_suite.core.errors import PotentialError


@pytest.fixture
def gpu(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = SimpleNamespace(is_available=lambda: request.param)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(
    ("gpu", "device"), [(False, "cpu"), (True, "cpu"), (True, "cuda:1")], indirect=["gpu"]
)
def test_a_device_that_is_there(device: str) -> None:
    expect_device(device)


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("gpu", [False], indirect=True)
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_no_gpu(device: str) -> None:
    with pytest.raises(PotentialError, match=f"'{device}' was asked for.*Use --device=cpu"):
        expect_device(device)
