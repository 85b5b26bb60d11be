"""What belongs into a managed environment."""

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
    """A managed environment, as its file describes it.

    Parameters
    ----------
    name
        Its name, that of the file.
    architectures
        Architectures that it serves.
    requirements
        What pip is asked for.
    pins
        Version of every distribution that may change a number, by name. They are constraints, so
        that the build (CPU, or a version of CUDA) is what the user's index gives.
    """

    name: str
    architectures: tuple[str, ...]
    requirements: tuple[str, ...]
    pins: tuple[tuple[str, str], ...]

    @property
    def constraints(self) -> str:
        """The pins as a constraints file of pip."""
        return "".join(f"{name}=={version}\n" for name, version in self.pins)

    @property
    def fingerprint(self) -> str:
        """Changes with the suite's version, the pins and the requirements."""
        return content_key(
            {
                "suite": __version__,
                "requirements": list(self.requirements),
                "pins": dict(self.pins),
            }
        )


@cache
def environments() -> dict[str, EnvironmentSpec]:
    """Every managed environment by name."""
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
    """Environment that serves an architecture.

    Raises
    ------
    UsageError
        There is none.
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
