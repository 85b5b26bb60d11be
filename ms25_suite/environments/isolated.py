"""Import of the running suite in the Python of another environment, without its neighbours.

A managed environment contains frameworks but not the suite: both sides of a worker must run the
same version, so the other Python imports the running copy. Adding the suite's parent folder to its
path would also make all packages installed beside the suite importable, including those in conflict
with the managed environment.

Run as ``python -P isolated.py MODULE ARGUMENT…``, or call `install`. It needs only the standard
library, and imports nothing of the suite before.
"""

from __future__ import annotations

import importlib.util
import runpy
import sys
from pathlib import Path

__all__ = ["install"]


def install() -> None:
    """Make ``ms25_suite`` importable from the folder that contains this file.

    Raises
    ------
    ImportError
        This file is not inside the package.
    """
    if "ms25_suite" in sys.modules:
        return
    folder = Path(__file__).resolve().parents[1]
    # Loads the package from its folder; `sys.path` stays that of the other environment.
    spec = importlib.util.spec_from_file_location(
        "ms25_suite", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        msg = f"{folder} is not the package ms25_suite"
        raise ImportError(msg)
    package = importlib.util.module_from_spec(spec)
    # Before it is executed: its own modules import `ms25_suite`.
    sys.modules["ms25_suite"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    install()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
