from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from ms25_suite.environments import gpus
from ms25_suite.environments.gpus import chosen_device, may_have_gpu, visible_gpus

Driver = Callable[[int], None]


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """Pretends that the driver of NVIDIA shows a number of GPUs."""

    def show(n: int, status: int = 0) -> None:
        def count(pointer: object) -> int:
            pointer._obj.value = n  # type: ignore[attr-defined]
            return 0

        library = SimpleNamespace(cuInit=lambda flags: status, cuDeviceGetCount=count)
        monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
        gpus._n_visible.cache_clear()

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    gpus._n_visible.cache_clear()
    gpus._found_by_torch.cache_clear()
    yield show
    gpus._n_visible.cache_clear()
    gpus._found_by_torch.cache_clear()


def _python(folder: Path, code: str) -> Path:
    """An interpreter whose torch is this code; no code: it has none."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{code}\n")
    path.chmod(0o755)
    return path


def test_gpus_by_number(driver: Driver) -> None:
    driver(3)
    assert visible_gpus() == ("0", "1", "2")
    assert may_have_gpu()


@pytest.mark.parametrize(
    ("named", "n_visible", "expected"),
    [
        ("", 0, ()),
        ("-1", 0, ()),
        ("2", 1, ("2",)),
        ("1, 0", 2, ("1", "0")),
        ("GPU-8932f937,GPU-1a2b", 2, ("GPU-8932f937", "GPU-1a2b")),
        # The driver stops at a name that it does not know.
        ("0,9,1", 1, ("0",)),
    ],
)
def test_gpus_by_the_names_of_the_user(
    driver: Driver,
    monkeypatch: pytest.MonkeyPatch,
    named: str,
    n_visible: int,
    expected: tuple[str, ...],
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    driver(n_visible)
    assert visible_gpus() == expected


def test_no_driver(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(2, "no such file", name)

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert visible_gpus() == ()
    assert not may_have_gpu()


def test_a_driver_that_does_not_start(driver: Driver) -> None:
    driver(2, 999)  # type: ignore[call-arg]
    assert visible_gpus() == ()


def test_a_device_that_was_named_is_not_questioned(driver: Driver) -> None:
    driver(0)
    assert chosen_device("cuda:3", dtype="float64") == "cuda:3"


@pytest.mark.parametrize("found", ["cuda", "cpu", "mps"])
def test_auto_is_what_torch_finds(driver: Driver, tmp_path: Path, found: str) -> None:
    """There is a GPU, but the PyTorch of that environment may not be built for it."""
    driver(1)
    python = _python(tmp_path, f"echo a warning; echo {found}")
    assert chosen_device("auto", dtype="float32", python=python) == found
    double = "cpu" if found == "mps" else found
    assert chosen_device("auto", dtype="float64", python=python) == double
    assert chosen_device("auto", dtype="float32", python=python, cpu_only=True) == "cpu"


@pytest.mark.parametrize("code", ["exit 1", "echo Traceback", "kill -9 $$"])
def test_auto_without_torch(driver: Driver, tmp_path: Path, code: str) -> None:
    driver(1)
    assert chosen_device("auto", dtype="float32", python=_python(tmp_path, code)) == "cpu"


def test_auto_without_a_gpu_starts_nothing(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver(0)
    monkeypatch.setattr(gpus, "run_captured", None)
    assert chosen_device("auto", dtype="float64") == "cpu"
    # Apple's GPUs have no double precision.
    monkeypatch.setattr(gpus, "_is_apple", lambda: True)
    assert chosen_device("auto", dtype="float64") == "cpu"


def test_this_environment_is_asked_by_its_own_torch(driver: Driver) -> None:
    """The real probe, with no GPU that PyTorch could see."""
    pytest.importorskip("torch")
    import torch

    driver(1)
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert chosen_device("auto", dtype="float64") == expected
