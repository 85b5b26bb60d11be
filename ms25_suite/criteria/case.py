"""A potential, or several of them, on a dataset: the case of a check before it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ms25_suite.datasets.dataset import Dataset
from ms25_suite.datasets.tiers import Tier

__all__ = ["Case"]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Dataset, potential and options that decide whether a check can be run.

    Parameters
    ----------
    dataset
        Dataset of the check.
    subject
        `ms25_suite.potentials.spec.PotentialSpec` of the potential, or a
        `ms25_suite.criteria.training_rate.series.Series` of potentials, or a
        `ms25_suite.criteria.committee.members.Committee`.
    parameters
        Parameters of the check, such as ``quantity`` and ``partner``.
    train_sizes
        Training sizes of the command line; empty if it names none.
    tier
        What names of datasets mean; see `ms25_suite.datasets.dataset.open_dataset`.
    same_as
        Specification of the potential that this one ought to be; None if the run names none.
    parent
        That of the potential that this one was fine-tuned from; None if the run names none.
    """

    dataset: Dataset
    subject: Any
    parameters: Mapping[str, Any] = field(default_factory=dict)
    train_sizes: tuple[int, ...] = ()
    tier: Tier | None = None
    same_as: Any = None
    parent: Any = None
