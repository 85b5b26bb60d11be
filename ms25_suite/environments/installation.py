"""Where the package of an architecture is installed: in this environment, or in a managed one."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from ms25_suite.core.errors import ArchitectureNotInstalledError
from ms25_suite.environments.spec import EnvironmentSpec, environment_for
from ms25_suite.environments.store import State, open_environment

__all__ = ["ISOLATED", "Installation", "find_installation", "managed_installation"]

ISOLATED = Path(__file__).with_name("isolated.py")
"""Script that makes the suite importable in another environment."""


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
        """Versions of installed distributions, without importing anything.

        Parameters
        ----------
        names
            Names of distributions; those that are not installed are left out.
        """
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
        """Command line that runs a module of the suite with this interpreter."""
        python = sys.executable if self.python is None else str(self.python)
        # -P: the folder of a script is not put on `sys.path`, where its modules could hide
        # others.
        return [python, "-P", str(ISOLATED), module, *arguments]


def find_installation(
    architecture: str, package: str, *, managed: bool, requirement: str
) -> Installation:
    """Find the package of an architecture in this environment, else in the managed one.

    Parameters
    ----------
    architecture
        Name of the architecture.
    package
        Module that must be importable.
    managed
        Whether there is a managed environment for the architecture.
    requirement
        Requirement for ``pip install``, for the message if there is no managed environment.

    Raises
    ------
    ArchitectureNotInstalledError
        It is in neither; the message contains the command that installs it.
    """
    spec = importlib.util.find_spec(package)
    # Without an origin it is a namespace package: just a folder of that name on the path. A file of
    # that name in the working folder is somebody's calculator (mace.py).
    if spec is not None and spec.origin is not None and Path(spec.origin).parent != Path.cwd():
        return Installation()
    if not managed:
        msg = (
            f"the architecture {architecture!r} needs the package {package!r}, "
            f"which is not installed in this environment. "
            f'Install it with: pip install "{requirement}"'
        )
        raise ArchitectureNotInstalledError(msg)
    what = f"the architecture {architecture!r}"
    return managed_installation(environment_for(architecture), what, architecture)


def managed_installation(spec: EnvironmentSpec, what: str, create: str) -> Installation:
    """Where a managed environment is on this machine.

    Parameters
    ----------
    spec
        The environment.
    what
        What needs it, for the message.
    create
        Arguments of ``ms25 env create`` that make it, for the message.

    Raises
    ------
    ArchitectureNotInstalledError
        It is not ready; the message contains the command that creates it.
    """
    environment = open_environment(spec)
    state, why = environment.state()
    if state is State.READY:
        return Installation(environment.python, environment.site_packages)
    msg = (
        f"{what} needs its managed environment, which is {state} ({why}). Create it with: ms25 env "
        f"create {create}"
    )
    raise ArchitectureNotInstalledError(msg)
