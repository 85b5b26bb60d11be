"""GPUs of this machine, and the device that ``auto`` stands for."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

from ms25_suite.environments.processes import run_captured

__all__ = ["AUTO", "chosen_device", "may_have_gpu", "visible_gpus"]

AUTO: Final = "auto"
"""Device that stands for the fastest one that is there."""

_PROBE: Final = """
import torch
mps = getattr(torch.backends, "mps", None)
print("cuda" if torch.cuda.is_available() else "mps" if mps and mps.is_available() else "cpu")
"""

_PROBE_S: Final = 120.0
"""Longest time for PyTorch to start and look for GPUs, in seconds: it may lie on a slow disk."""


def visible_gpus() -> tuple[str, ...]:
    """NVIDIA GPUs that this process may use, as ``CUDA_VISIBLE_DEVICES`` names them.

    The driver is asked directly: to import PyTorch takes seconds, and the process of pytest does
    not import it.
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    n_visible = _n_visible(named)
    if named is None:
        return tuple(str(index) for index in range(n_visible))
    # The driver stops at the first name that it does not know.
    return tuple(name.strip() for name in named.split(","))[:n_visible]


@cache
def _n_visible(_named: str | None) -> int:
    """Number of GPUs that the driver shows under a value of ``CUDA_VISIBLE_DEVICES``."""
    count = ctypes.c_int()
    with suppress(OSError, AttributeError):
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        # 0 is CUDA_SUCCESS (CUDA driver API, cuInit and cuDeviceGetCount).
        if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0:
            return count.value
    return 0


def chosen_device(
    device: str, *, dtype: str, cpu_only: bool = False, python: Path | None = None
) -> str:
    """The device that a potential runs on.

    Parameters
    ----------
    device
        A device, or `AUTO`: CUDA, else Apple's MPS, else the CPU.
    dtype
        Floating-point type; MPS has no ``float64``.
    cpu_only
        Whether the architecture runs on the CPU only.
    python
        Interpreter with the package of the architecture; None: this one.

    Examples
    --------
    >>> chosen_device("cuda:1", dtype="float64")
    'cuda:1'
    >>> chosen_device("auto", dtype="float64", cpu_only=True)
    'cpu'
    """
    if device != AUTO:
        return device
    if cpu_only or not (visible_gpus() or (_is_apple() and dtype == "float32")):
        return "cpu"
    # There is a GPU; whether the PyTorch of that environment was built for it, only it knows.
    found = _found_by_torch(python, os.environ.get("CUDA_VISIBLE_DEVICES"))
    return "cpu" if found == "mps" and dtype != "float32" else found


def may_have_gpu() -> bool:
    """Whether `AUTO` may mean anything but the CPU on this machine; takes no time."""
    return bool(visible_gpus()) or _is_apple()


def _is_apple() -> bool:
    return sys.platform == "darwin" and platform.machine() == "arm64"


@cache
def _found_by_torch(python: Path | None, _visible: str | None) -> str:
    command = [sys.executable if python is None else str(python), "-P", "-c", _PROBE]
    try:
        found = run_captured(command, time_limit_s=_PROBE_S).stdout.split()
    except (OSError, subprocess.SubprocessError):
        # No PyTorch there.
        return "cpu"
    return found[-1] if found and found[-1] in ("cuda", "mps") else "cpu"
