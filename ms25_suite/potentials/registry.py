"""Architectures by name, their trainers, and the architecture of a model file."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.entry_points import contributions
from ms25_suite.core.errors import ModelFileError, UsageError, did_you_mean
from ms25_suite.environments.installation import Installation, find_installation
from ms25_suite.potentials.base import Architecture
from ms25_suite.potentials.model_file import FileSummary, summarise
from ms25_suite.training.trainer import Trainer

__all__ = [
    "GROUP",
    "architectures",
    "detect",
    "get_architecture",
    "get_trainer",
    "implementation",
    "load_implementation",
    "require_installed",
    "trainable",
]

GROUP: Final = "ms25_suite.architectures"
"""Group of entry points: name of the architecture to ``module:class``."""


@cache
def architectures() -> Mapping[str, Architecture]:
    """All registered architectures by name; no framework is imported.

    Raises
    ------
    UsageError
        A package registers an architecture that cannot be imported or is not one, or two packages
        use the same name.
    """
    found: dict[str, Architecture] = {}
    owners: dict[str, str] = {}
    for one in contributions(GROUP, UsageError):
        if one.name in found:
            msg = (
                f"the architecture {one.name!r} is registered by two packages, "
                f"{owners[one.name]} and {one.package}. Uninstall one of them"
            )
            raise UsageError(msg)
        what = f"the architecture {one.name!r} of the package {one.package}"
        kind: type[Architecture] = _expect_subclass(one.content, Architecture, what)
        if kind.name != one.name:
            msg = f"{what}: expected a class with the name {one.name!r}, found {kind.name!r}"
            raise UsageError(msg)
        found[one.name], owners[one.name] = kind(), one.package
    return found


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


def trainable() -> tuple[str, ...]:
    """Names of the architectures that can be trained."""
    return tuple(sorted(name for name, known in architectures().items() if known.trainer))


def get_trainer(name: str) -> Trainer:
    """Trainer of an architecture.

    Raises
    ------
    UsageError
        There is no such architecture, it cannot be trained, or its trainer cannot be imported.
    """
    architecture = get_architecture(name)
    if not architecture.trainer:
        msg = f"the architecture {name!r} has no trainer. Trainable: {', '.join(trainable())}"
        raise UsageError(msg)
    what = f"the trainer of the architecture {name!r}"
    module, _, attribute = architecture.trainer.partition(":")
    try:
        content = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # importing a module of somebody else raises anything
        msg = (
            f"{what} cannot be loaded from {architecture.trainer!r}: {type(error).__name__}: "
            f"{error}. Repair or uninstall that package"
        )
        raise UsageError(msg) from error
    kind: type[Trainer] = _expect_subclass(content, Trainer, what)
    trainer = kind()
    if trainer.name != name:
        msg = f"{what}: {architecture.trainer!r} trains the architecture {trainer.name!r}"
        raise UsageError(msg)
    return trainer


def _expect_subclass(found: object, base: type[Any], what: str) -> type[Any]:
    """Make sure that an object is a subclass that can be instantiated."""
    if not (isinstance(found, type) and issubclass(found, base)):
        msg = f"{what}: expected a subclass of {base.__name__}, found {found!r}"
        raise UsageError(msg)
    if inspect.isabstract(found):
        lacking = ", ".join(sorted(getattr(found, "__abstractmethods__", ())))
        msg = f"{what}: {found!r} does not define {lacking}"
        raise UsageError(msg)
    return found


def implementation(architecture: Architecture) -> str:
    """Where the class of an architecture is, as ``module:name``.

    A worker in a managed environment needs it: the suite's entry points are not installed there.
    """
    kind = type(architecture)
    return f"{kind.__module__}:{kind.__qualname__}"


def load_implementation(text: str) -> Architecture:
    """Inverse of `implementation`."""
    module, name = text.split(":")
    architecture: Architecture = getattr(importlib.import_module(module), name)()
    return architecture


def detect(path: Path) -> Architecture:
    """Architecture of a model file, from its content, whatever the file is called.

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
