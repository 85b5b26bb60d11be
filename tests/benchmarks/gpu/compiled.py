"""Native code of a model, made beforehand.

``python -m tests.benchmarks.gpu.compiled ARCHITECTURE DTYPE MODELS DEVICE`` makes it in the cache,
where the benchmark finds it. It takes minutes of the CPU, while a GPU can be used for other things.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ms25_suite.lammps.deploy.files import deployed
from ms25_suite.potentials.registry import get_architecture, require_installed
from tests.benchmarks.gpu.models import find_or_train

__all__ = ["compiled_file"]


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


if __name__ == "__main__":
    name, dtype, folder, device = sys.argv[1:]
    print(compiled_file(name, find_or_train(name, dtype, "paper", Path(folder)).path, device))
