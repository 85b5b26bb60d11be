"""What installed packages contribute by entry point: criteria, datasets, readers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ms25_suite.core.errors import Ms25Error

__all__ = ["Contribution", "contributions"]


@dataclass(frozen=True, slots=True)
class Contribution:
    """Object that an entry point names, and the package that brings it.

    Parameters
    ----------
    name
        Name of the entry point.
    package
        Installed package that has it, as pip names it.
    version
        Version of that package.
    content
        The object: a class, a function, a module.
    """

    name: str
    package: str
    version: str
    content: Any


def contributions(group: str, error: type[Ms25Error]) -> tuple[Contribution, ...]:
    """Load all entry points of a group, in the order of packages and names.

    Parameters
    ----------
    group
        Group of entry points.
    error
        Class of the error to raise.

    Raises
    ------
    Ms25Error
        Of the class ``error``: an entry point cannot be loaded. The message names its package.
    """
    from importlib.metadata import entry_points

    found = []
    for point in entry_points(group=group):
        package = point.dist.name if point.dist is not None else "unknown"
        version = point.dist.version if point.dist is not None else ""
        try:
            content = point.load()
        except Exception as problem:  # importing a module of somebody else raises anything
            msg = (
                f"the installed package {package} is broken: its entry point {point.name!r} "
                f"({group}) names {point.value!r}, which cannot be loaded: "
                f"{type(problem).__name__}: {problem}. Repair or uninstall the package"
            )
            raise error(msg) from problem
        found.append(Contribution(point.name, package, version, content))
    # The order of the metadata depends on the file system.
    return tuple(sorted(found, key=lambda one: (one.package, one.name)))
