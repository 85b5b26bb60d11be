"""Can this machine-learned interatomic potential be trusted? (PYTEST_DONT_REWRITE).

`judge` runs the checks from Python, and returns `Results`. Both are imported when they are first
used, and the version is looked up then: this module is imported in every pytest session of the
environment.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ms25_suite.cli.python.interface import Results as Results
    from ms25_suite.cli.python.interface import judge as judge

    __version__: str

__all__ = ["Results", "__version__", "judge"]

_INTERFACE = ("Results", "judge")


def __getattr__(name: str) -> object:
    """Import the Python interface, and look up the version, when they are first used."""
    if name == "__version__":
        return _version()
    if name not in _INTERFACE:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    return getattr(import_module("ms25_suite.cli.python.interface"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


@cache
def _version() -> str:
    """Version of the installed package; `0+unknown` if it is not installed.

    A managed environment runs this code without having it installed.
    """
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("ms25-suite")
    except PackageNotFoundError:
        return "0+unknown"
