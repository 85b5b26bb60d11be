"""Specification of a managed environment."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

from ms25_suite.core.cache import content_key, release
from ms25_suite.core.errors import UsageError, did_you_mean

__all__ = ["WORKER_NEEDS", "EnvironmentSpec", "Framework", "environment_for", "environments"]

WORKER_NEEDS: Final = ("ase", "numpy", "vesin")
"""What the suite itself needs in a worker."""


@dataclass(frozen=True, slots=True)
class Framework:
    """A package whose potentials are evaluated by its ASE calculator.

    Parameters
    ----------
    title
        Its name in texts.
    module
        Module that must be importable in the environment.
    default
        Model that is taken if none is named; empty: one must be named.
    head
        What the package calls the level of theory or task that a model of several is asked for;
        empty if it has no such models.
    batch_atoms
        Most atoms in a batch on a CPU, where the package evaluates several structures at once:
        about as many as are fastest. 0: it does not, or nobody has written how.
    tested
        Whether the suite was run with it.
    licence, source
        Licence, and address of the source code.
    weights
        Where the weights come from, and what to do without a network.
    models
        Level of theory of the labels of known models; empty where a head decides, or it is not
        known.
    heads
        Heads of known models that have several, with their levels of theory.
    """

    title: str
    module: str
    default: str
    head: str
    batch_atoms: int
    tested: bool
    licence: str
    source: str
    weights: str
    models: Mapping[str, str] = field(default_factory=dict)
    heads: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EnvironmentSpec:
    """A managed environment as described by its TOML file.

    Parameters
    ----------
    name
        Name of the environment and of its file.
    architectures
        Architectures whose packages it contains.
    requirements
        Requirements for pip.
    pins
        Name and version of every distribution that may affect results. They are passed as
        constraints, so that the user's index determines the build (CPU, or a version of CUDA).
    framework
        The package whose calculators it is for; None for architectures, and for environments of
        a user.
    """

    name: str
    architectures: tuple[str, ...]
    requirements: tuple[str, ...]
    pins: tuple[tuple[str, str], ...]
    framework: Framework | None = None

    @property
    def serves(self) -> str:
        """What it is for, in words."""
        if self.framework is not None:
            return self.framework.title
        return ", ".join(self.architectures) or f"calc.py:env={self.name}"

    @property
    def constraints(self) -> str:
        """The pins as a constraints file for pip."""
        return "".join(f"{name}=={version}\n" for name, version in self.pins)

    @property
    def fingerprint(self) -> str:
        """Hash of the suite's release, the pins and the requirements."""
        return content_key(
            {
                # Workers run the suite's own code too, so that another version needs another
                # environment.
                "suite": release(),
                "requirements": list(self.requirements),
                "pins": dict(self.pins),
            }
        )


@cache
def environments() -> dict[str, EnvironmentSpec]:
    """All managed environments that the suite describes, by name."""
    found = {}
    for file in files(__package__).iterdir():
        if file.name.endswith(".toml"):
            name = file.name.removesuffix(".toml")
            found[name] = _described(name, tomllib.loads(file.read_text("utf-8")))
    return dict(sorted(found.items()))


def _described(name: str, table: Mapping[str, Any]) -> EnvironmentSpec:
    framework = table.get("framework")
    needs = () if framework is None else WORKER_NEEDS
    return EnvironmentSpec(
        name=name,
        architectures=tuple(table.get("architectures", ())),
        requirements=(*table["requirements"], *needs),
        pins=tuple(table["pins"].items()),
        framework=None if framework is None else Framework(**framework),
    )


def environment_for(name: str) -> EnvironmentSpec:
    """Managed environment of an architecture or a framework.

    Raises
    ------
    UsageError
        There is no managed environment for it.
    """
    served = {name: spec for spec in environments().values() for name in spec.architectures}
    served |= {name: spec for name, spec in environments().items() if spec.framework}
    if name not in served:
        hint = did_you_mean(name, served)
        msg = (
            f"there is no managed environment for {name!r}.{hint} Known: "
            f"{', '.join(sorted(served))}. Other architectures are installed beside the suite: "
            'pip install "ms25-suite[mace]"; one of your own is made by ms25 env create NAME '
            "--requirement PACKAGE"
        )
        raise UsageError(msg)
    return served[name]
