"""A potential, or a series of them, on a dataset: what a check is about before it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ms25_suite.criteria.training_rate.series import Series
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.potentials.spec import PotentialSpec

__all__ = ["Case"]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What decides whether a check can be run.

    Parameters
    ----------
    dataset
        Dataset of the check.
    subject
        Specification of the potential, or the series of potentials over training sizes.
    parameters
        Parameters of the check, such as ``quantity`` and ``partner``.
    train_sizes
        Training sizes of the command line; empty if it names none.
    """

    dataset: Dataset
    subject: PotentialSpec | Series
    parameters: Mapping[str, Any] = field(default_factory=dict)
    train_sizes: tuple[int, ...] = ()
