"""The running suite, and nothing beside it, in the Python of another environment.

A managed environment holds frameworks, not the suite: both sides of a worker speak one protocol,
so they must be of one version. Putting the suite's folder on the path of the other Python would
show it all packages beside the suite, too, some of which it must not see.

Run as ``python -P isolated.py MODULE ARGUMENT…``, or call `install`. Only the standard library
is needed, and nothing of the suite is imported before.
"""

from __future__ import annotations

import importlib.util
import runpy
import sys
from pathlib import Path

__all__ = ["install"]


def install() -> None:
    """Make ``ms25_suite`` importable, from where this file is."""
    if "ms25_suite" in sys.modules:
        return
    folder = Path(__file__).resolve().parents[1]
    spec = importlib.util.spec_from_file_location(
        "ms25_suite", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        msg = f"{folder} is not the package ms25_suite"
        raise ImportError(msg)
    package = importlib.util.module_from_spec(spec)
    sys.modules["ms25_suite"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    install()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
