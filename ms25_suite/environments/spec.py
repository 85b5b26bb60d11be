"""Specification of a managed environment."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ms25_suite import __version__
from ms25_suite.core.cache import content_key
from ms25_suite.core.errors import UsageError, did_you_mean

__all__ = ["EnvironmentSpec", "environment_for", "environments"]


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
    """

    name: str
    architectures: tuple[str, ...]
    requirements: tuple[str, ...]
    pins: tuple[tuple[str, str], ...]

    @property
    def constraints(self) -> str:
        """The pins as a constraints file for pip."""
        return "".join(f"{name}=={version}\n" for name, version in self.pins)

    @property
    def fingerprint(self) -> str:
        """Hash of the suite's version, the pins and the requirements."""
        return content_key(
            {
                # Workers run the suite's own code too, so that another version needs another
                # environment.
                "suite": __version__,
                "requirements": list(self.requirements),
                "pins": dict(self.pins),
            }
        )


@cache
def environments() -> dict[str, EnvironmentSpec]:
    """All managed environments by name."""
    found = {}
    for file in files(__package__).iterdir():
        if file.name.endswith(".toml"):
            table = tomllib.loads(file.read_text("utf-8"))
            name = file.name.removesuffix(".toml")
            found[name] = EnvironmentSpec(
                name=name,
                architectures=tuple(table["architectures"]),
                requirements=tuple(table["requirements"]),
                pins=tuple(table["pins"].items()),
            )
    return dict(sorted(found.items()))


def environment_for(architecture: str) -> EnvironmentSpec:
    """Managed environment of an architecture.

    Raises
    ------
    UsageError
        There is no managed environment for it.
    """
    served = {name: spec for spec in environments().values() for name in spec.architectures}
    if architecture not in served:
        hint = did_you_mean(architecture, served)
        msg = (
            f"there is no managed environment for {architecture!r}.{hint} Known: "
            f"{', '.join(sorted(served))}. Other architectures are installed beside the suite: "
            'pip install "ms25-suite[mace]"'
        )
        raise UsageError(msg)
    return served[architecture]
