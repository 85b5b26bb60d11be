"""A model of a framework, as the command line names it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ms25_suite.core.documents.files import file_problem, said_of
from ms25_suite.core.errors import ModelFileError, UsageError, did_you_mean
from ms25_suite.environments.spec import EnvironmentSpec, Framework, environments

__all__ = ["FrameworkModel", "frameworks"]

_OPTIONS: Final = ("weights", "head")


def frameworks() -> dict[str, Framework]:
    """Frameworks with an environment of their own, by name."""
    return {name: spec.framework for name, spec in environments().items() if spec.framework}


@dataclass(frozen=True, slots=True)
class FrameworkModel:
    """A model of a framework.

    Parameters
    ----------
    framework
        Name of the framework and of its environment.
    model
        Name of the model; empty if the weights alone say what it is.
    weights
        File or folder of its weights; None for those that the package has or downloads.
    head
        Level of theory or task of a model that has several; empty for none.
    """

    framework: str
    model: str = ""
    weights: Path | None = None
    head: str = ""

    @classmethod
    def named(cls, text: str, where: str) -> FrameworkModel | None:
        """The model that a text names; None if it names no framework.

        Parameters
        ----------
        text
            ``sevennet``, ``sevennet:7net-0``, ``sevennet:7net-mf-ompa:head=mpa`` or
            ``sevennet:weights=FILE``.
        where
            Start of the message of an error.

        Raises
        ------
        UsageError
            An option is not known, or the framework has no model of its own choice.
        ModelFileError
            There are no such weights.
        """
        name, colon, rest = text.partition(":")
        known = frameworks()
        # A file of that name is what is meant.
        if name not in known or (not colon and Path(name).exists()):
            return None
        model, options = _split(rest)
        values = _options(options, where)
        framework = known[name]
        weights = Path(values["weights"]).expanduser() if "weights" in values else None
        if weights is not None and not weights.is_dir() and (problem := file_problem(weights)):
            msg = f"{where}: weights={weights}: {said_of(problem)}"
            raise ModelFileError(msg)
        head = values.get("head", "")
        if head and not framework.head:
            msg = f"{where}: models of {framework.title} have no head. Leave head={head} out"
            raise UsageError(msg)
        if not model and weights is None:
            model = framework.default
        if not model and weights is None:
            msg = f"{where}: {framework.title} has no model of its own choice: {framework.weights}"
            raise UsageError(msg)
        return cls(name, model, weights, head)

    @property
    def name(self) -> str:
        """Short name for reports."""
        stem = "" if self.weights is None else self.weights.stem
        return "-".join(filter(None, (self.framework, self.model or stem, self.head)))

    @property
    def environment(self) -> EnvironmentSpec:
        """Environment of the framework."""
        return environments()[self.framework]

    @property
    def info(self) -> Framework:
        """The framework."""
        return frameworks()[self.framework]

    @property
    def level_of_theory(self) -> str:
        """Level of theory of the labels that it learned; empty if not known."""
        # Weights of a user may have learned anything, and of several heads each has its own.
        if self.weights is not None:
            return ""
        return self.heads.get(self.head, "") if self.head else self.info.models.get(self.model, "")

    @property
    def heads(self) -> Mapping[str, str]:
        """Its heads with their levels of theory; empty if it has one only, or nothing is known."""
        return {} if self.weights is not None else self.info.heads.get(self.model, {})

    def guess(self) -> str:
        """Suggestion for a name that the package does not know; empty for none."""
        return "" if self.model in self.info.models else did_you_mean(self.model, self.info.models)


def _split(rest: str) -> tuple[str, str]:
    """Model and options behind the name of the framework."""
    first, colon, others = rest.partition(":")
    if "=" in first:
        return "", rest
    return first, others if colon else ""


def _options(text: str, where: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for item in filter(None, text.split(",")):
        key, equals, value = item.partition("=")
        if key not in _OPTIONS or not equals or not value:
            hint = did_you_mean(key, _OPTIONS)
            msg = f"{where}: {item!r} is not one of weights=FILE, head=NAME.{hint}"
            raise UsageError(msg)
        if key in found:
            msg = f"{where}: {key} is given twice"
            raise UsageError(msg)
        found[key] = value
    return found
