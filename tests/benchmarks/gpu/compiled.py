"""Native code of a model, made beforehand.

``python -m tests.benchmarks.gpu.compiled ARCHITECTURE DTYPE MODELS DEVICE`` makes it in the cache,
where the benchmark finds it. It takes minutes of the CPU, while a GPU can be used for other things.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ms25_suite.core.cache import cache_dir, file_sha256
from ms25_suite.lammps.deploy.files import deployed
from ms25_suite.potentials.registry import get_architecture, require_installed
from tests.benchmarks.gpu.models import find_or_train

__all__ = ["compiled_file", "is_ready", "needs_file"]


def compiled_file(architecture: str, path: Path, device: str) -> Path:
    """The compiled form of a model file, as ``--mlip-compile`` makes it.

    Raises
    ------
    Ms25Error
        It cannot be compiled.
    """
    family = get_architecture(architecture)
    place = require_installed(family)
    return deployed(path, family.compiled_target, architecture, place, device=device)


def needs_file(architecture: str, device: str) -> bool:
    """Whether ``--mlip-compile`` makes a compiled form here."""
    family = get_architecture(architecture)
    installed = require_installed(family).versions(family.accelerators)
    return bool(family.compiled_for(device, installed))


def is_ready(path: Path, device: str) -> bool:
    """Whether this program has made the compiled form of a model file."""
    return _marker(path, device).is_file()


def _marker(path: Path, device: str) -> Path:
    return cache_dir("gpu-benchmark") / f"{file_sha256(path)}-{device.partition(':')[0]}"


def main(architecture: str, dtype: str, folder: str, device: str) -> None:
    """Make the compiled form of a model."""
    path = find_or_train(architecture, dtype, "paper", Path(folder)).path
    print(compiled_file(architecture, path, device))
    _marker(path, device).touch()


if __name__ == "__main__":
    main(*sys.argv[1:])
