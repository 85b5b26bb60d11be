"""Architectures by name, and the architecture of a model file."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from ms25_suite.core.errors import ModelFileError, UsageError, did_you_mean
from ms25_suite.environments.installation import Installation, find_installation
from ms25_suite.potentials.base import Architecture
from ms25_suite.potentials.model_file import FileSummary, summarise

__all__ = [
    "architectures",
    "detect",
    "get_architecture",
    "implementation",
    "load_implementation",
    "require_installed",
]

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
        hint = did_you_mean(name, known)
        msg = f"unknown architecture {name!r}.{hint} Known: {', '.join(sorted(known))}"
        raise UsageError(msg)
    return known[name]


def implementation(architecture: Architecture) -> str:
    """Where the class of an architecture is, as ``module:name``.

    A worker in another environment has no entry points of the suite to find it by.
    """
    kind = type(architecture)
    return f"{kind.__module__}:{kind.__qualname__}"


def load_implementation(text: str) -> Architecture:
    """Inverse of `implementation`."""
    module, name = text.split(":")
    architecture: Architecture = getattr(importlib.import_module(module), name)()
    return architecture


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


def require_installed(architecture: Architecture) -> Installation:
    """Where the package of an architecture can be imported.

    Raises
    ------
    ArchitectureNotInstalledError
        Nowhere; the message names the command that fixes it.
    """
    return find_installation(
        architecture.name,
        architecture.package,
        managed=bool(architecture.environment),
        requirement=architecture.requirement,
    )
