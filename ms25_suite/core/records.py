"""Descriptions of potentials and datasets, as ``results.json`` and journals hold them.

A field that is None was not recorded, and its key is left out of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, Self

from ms25_suite.core.contracts import read_as
from ms25_suite.core.errors import ReportError
from ms25_suite.core.findings import Finding

__all__ = ["AuditRecord", "DatasetRecord", "PotentialRecord", "Record", "TrainedOn"]


class Record:
    """Base of the frozen dataclasses that describe a part of a run."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        nullable = self._nullable()
        values = {
            field.name: _plain(getattr(self, field.name))
            for field in fields(self)  # type: ignore[arg-type]
        }
        return {key: value for key, value in values.items() if value is not None or key in nullable}

    @classmethod
    def from_dict(cls, record: object, where: str = "") -> Self:
        """Inverse of `to_dict`; unknown keys are ignored.

        Parameters
        ----------
        record
            Table from a file or from a worker of pytest-xdist.
        where
            Start of the message of an error; the name of the class if it is empty.

        Raises
        ------
        ReportError
            A key is missing, or a value has a wrong type.
        """
        return read_as(cls, record, where or cls.__name__, ReportError)

    def _nullable(self) -> tuple[str, ...]:
        """Keys that are written as null, instead of being left out, if they are None."""
        return ()


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value.to_dict() if hasattr(value, "to_dict") else value


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedOn(Record):
    """Data and settings of the training behind a potential, from its manifest.

    Parameters
    ----------
    dataset
        Name of the dataset.
    n_train
        Number of training frames.
    n_validation
        Number of validation frames.
    set
        Number of the training set among the sets of the dataset, from 1.
    level_of_theory
        Level of theory of the training labels.
    tier
        ``mini``, ``published``, or empty for other data.
    sha256
        SHA-256 of the dataset.
    seed
        Seed of the training.
    budget
        Name of the training budget.
    """

    dataset: str = ""
    n_train: int | None = None
    n_validation: int | None = None
    set: int | None = None
    level_of_theory: str | None = None
    tier: str | None = None
    sha256: str | None = None
    seed: int | None = None
    budget: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PotentialRecord(Record):
    """Description of a potential.

    Parameters
    ----------
    name
        Name of the potential, unique in a run.
    spec
        The potential as given with ``--mlip``.
    architecture
        ``mace``, …; ``ase`` for an ASE calculator, ``reference``, or empty if unknown.
    path
        Model file or calculator file; empty if there is none.
    sha256
        SHA-256 of that file, or of the trained model.
    dtype
        Precision; empty for a calculator, which chooses its own.
    device
        Device; empty for a calculator, which chooses its own.
    elements
        Chemical symbols of the elements that it supports; None until the potential was loaded.
    r_max
        Cutoff in Å, where the potential states one.
    n_layers
        Number of message-passing layers, where the potential states it.
    n_parameters
        Number of trainable parameters, where the potential states it.
    trained_on
        Data of the training; None for a potential without a manifest.
    training_curve
        ``epoch`` and any series of the same length.
    training_units
        Unit of each series that has one.
    """

    name: str
    spec: str | None = None
    architecture: str | None = None
    path: str | None = None
    sha256: str | None = None
    dtype: str | None = None
    device: str | None = None
    elements: tuple[str, ...] | None = None
    r_max: float | None = None
    n_layers: int | None = None
    n_parameters: int | None = None
    trained_on: TrainedOn | None = None
    training_curve: Mapping[str, tuple[int | float | None, ...]] | None = None
    training_units: Mapping[str, str] | None = None

    def _nullable(self) -> tuple[str, ...]:
        # A loaded potential that states no cutoff has a null in the file.
        return () if self.elements is None else ("r_max", "n_layers", "n_parameters")

    def updated(self, found: PotentialRecord) -> PotentialRecord:
        """Copy with the fields that are recorded in another description of the same potential."""
        changes = {field.name: getattr(found, field.name) for field in fields(found)}
        return replace(self, **{name: new for name, new in changes.items() if new is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord(Record):
    """One question of the audit of a dataset, with its answer.

    Parameters
    ----------
    code
        Short name of the question.
    question
        The question in words.
    status
        ``ok``, or the gravest finding: ``note`` or ``warning``; ``unanswered`` where the data
        alone cannot answer.
    answer
        What was found, with numbers, or why there is no answer.
    findings
        Codes of the findings of this question.
    """

    code: str
    question: str = ""
    status: Literal["ok", "note", "warning", "unanswered"] = "unanswered"
    answer: str = ""
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRecord(Record):
    """Description of a dataset.

    Parameters
    ----------
    name
        Name of the dataset, unique in a run.
    title
        Title from its card.
    tier
        ``mini``, ``published``, or another word for other data.
    level_of_theory
        Level of theory of the reference labels.
    paper_level_of_theory
        Level of theory of the same system in the MS25 paper; None if it is not in the paper.
    stand_in
        Whether the labels stand in for those of the paper.
    sha256
        SHA-256 of the frames and labels.
    n_frames
        Number of frames.
    n_test
        Number of test frames of the first split.
    splits
        Where the splits come from.
    elements
        Chemical symbols.
    findings
        Findings of the reader and of the audit.
    audit
        Questions of the audit.
    """

    name: str
    title: str = ""
    tier: str = ""
    level_of_theory: str = ""
    paper_level_of_theory: str | None = None
    stand_in: bool = False
    sha256: str = ""
    n_frames: int | None = None
    n_test: int | None = None
    splits: str = ""
    elements: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    audit: tuple[AuditRecord, ...] = ()

    def _nullable(self) -> tuple[str, ...]:
        return ("paper_level_of_theory",)
