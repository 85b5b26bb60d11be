"""Where the package of an architecture can be imported: here, or in a managed environment."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from ms25_suite.core.errors import ArchitectureNotInstalledError
from ms25_suite.environments.spec import environment_for
from ms25_suite.environments.store import State, open_environment

__all__ = ["ISOLATED", "Installation", "find_installation"]

ISOLATED = Path(__file__).with_name("isolated.py")
"""Makes the suite importable in another environment."""


@dataclass(frozen=True, slots=True)
class Installation:
    """An environment with the package of an architecture.

    Parameters
    ----------
    python
        Its interpreter; None for this environment.
    site_packages
        Folder of its packages; None for this environment.
    """

    python: Path | None = None
    site_packages: Path | None = None

    def versions(self, names: Iterable[str]) -> dict[str, str]:
        """Installed versions; a distribution that is absent is left out. Nothing is imported."""
        found: dict[str, str] = {}
        for name in names:
            chosen = (
                distributions(name=name)
                if self.site_packages is None
                else distributions(name=name, path=[str(self.site_packages)])
            )
            for distribution in chosen:
                found.setdefault(name, distribution.version)
        return found

    def command(self, module: str, *arguments: str) -> list[str]:
        """Command that runs a module of the suite there."""
        python = sys.executable if self.python is None else str(self.python)
        return [python, "-P", str(ISOLATED), module, *arguments]


def find_installation(
    architecture: str, package: str, *, managed: bool, requirement: str
) -> Installation:
    """Where the package of an architecture is: in this environment, else in the managed one.

    Parameters
    ----------
    architecture
        Its name.
    package
        Module that must be importable.
    managed
        Whether there is a managed environment for it.
    requirement
        What ``pip install`` takes, if there is none.

    Raises
    ------
    ArchitectureNotInstalledError
        It is in neither; the message names the command that fixes it.
    """
    spec = importlib.util.find_spec(package)
    # Without an origin it is some folder of that name, such as a working folder.
    if spec is not None and spec.origin is not None:
        return Installation()
    if not managed:
        msg = (
            f"the architecture {architecture!r} needs the package {package!r}, "
            f"which is not installed in this environment. "
            f'Install it with: pip install "{requirement}"'
        )
        raise ArchitectureNotInstalledError(msg)
    environment = open_environment(environment_for(architecture))
    state, why = environment.state()
    if state is State.READY:
        return Installation(environment.python, environment.site_packages)
    msg = (
        f"the architecture {architecture!r} needs its managed environment, which is {state} "
        f"({why}). Create it with: ms25 env create {architecture}"
    )
    raise ArchitectureNotInstalledError(msg)
