"""Description of a potential and of its training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from ms25_suite.core.records.base import Record

__all__ = ["PotentialRecord", "TrainedOn"]


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
        Tier of the dataset, see `CheckResult`.
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
    acceleration
        Which faster form of the model was used and how much it differs from the plain one, or why
        none was; None where none was asked for.
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
    acceleration: str | None = None
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
