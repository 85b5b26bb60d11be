"""Can this machine-learned interatomic potential be trusted? (PYTEST_DONT_REWRITE).

`judge` runs the checks from Python, and returns `Results`. Both are imported when they are first
used: this module is imported in every pytest session of the environment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ms25_suite.cli.python.interface import Results as Results
    from ms25_suite.cli.python.interface import judge as judge

__version__ = "0.1.0"

__all__ = ["Results", "__version__", "judge"]

_INTERFACE = ("Results", "judge")


def __getattr__(name: str) -> object:
    """Import the Python interface when it is first used."""
    if name not in _INTERFACE:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    return getattr(import_module("ms25_suite.cli.python.interface"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_INTERFACE})
