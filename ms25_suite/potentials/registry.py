"""Architectures by name, and the architecture of a model file."""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path

from ms25_suite.errors import ArchitectureNotInstalledError, ModelFileError, UsageError
from ms25_suite.potentials.base import Architecture
from ms25_suite.potentials.detect import FileSummary, summarise

__all__ = ["architectures", "detect", "get_architecture", "require_installed", "versions"]

GROUP = "ms25_suite.architectures"


@cache
def architectures() -> Mapping[str, Architecture]:
    """Every registered architecture by name; no framework is imported for it."""
    return {point.name: point.load()() for point in entry_points(group=GROUP)}


def get_architecture(name: str) -> Architecture:
    """Architecture of the given name.

    Raises
    ------
    UsageError
        There is none of that name.
    """
    known = architectures()
    if name not in known:
        near = difflib.get_close_matches(name.lower(), known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        msg = f"unknown architecture {name!r}.{hint} Known: {', '.join(sorted(known))}"
        raise UsageError(msg)
    return known[name]


def detect(path: Path) -> Architecture:
    """Architecture of a model file, from its content and not from its name.

    Raises
    ------
    ModelFileError
        The file is missing, empty, damaged, or a model of no known architecture.
    """
    summary = summarise(path)
    for architecture in architectures().values():
        if architecture.recognises(summary):
            return architecture
    raise ModelFileError(_unknown(summary))


def _unknown(summary: FileSummary) -> str:
    known = ", ".join(sorted(architectures()))
    if summary.is_state_dict:
        return (
            f"{summary.path} holds weights only (a state dict or training checkpoint), not a "
            "whole model: the network cannot be rebuilt from it. Give the final model file "
            "instead (MACE: <name>.model beside the checkpoints folder)"
        )
    if not summary.is_zip:
        shown = summary.head[:24]
        return (
            f"{summary.path} is not a model file of any known architecture ({known}): it starts "
            f"with {shown!r}. A Python file that makes an ASE calculator must end in .py"
        )
    seen = sorted({name.split(".")[0] for name in summary.pickle_globals})[:8]
    return (
        f"{summary.path} is a PyTorch archive, but of no known architecture ({known}); its pickle "
        f"mentions {seen or 'nothing'}. Wrap it in a Python file that makes an ASE calculator: "
        "--mlip=calc.py"
    )


def require_installed(architecture: Architecture) -> None:
    """Make sure that the package of an architecture can be imported.

    Raises
    ------
    ArchitectureNotInstalledError
        It cannot; the message names the command that fixes it.
    """
    if importlib.util.find_spec(architecture.package) is None:
        msg = (
            f"the architecture {architecture.name!r} needs the package {architecture.package!r}, "
            f"which is not installed in this environment. "
            f'Install it with: pip install "{architecture.requirement}"'
        )
        raise ArchitectureNotInstalledError(msg)


def versions(distributions: tuple[str, ...]) -> dict[str, str]:
    """Installed versions; a distribution that is absent is left out."""
    found = {}
    for name in distributions:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
