"""Request and frames of a training on a dataset, for ``ms25 train`` and ``--mlip=train:ARCH``."""

from __future__ import annotations

from ms25_suite.datasets.dataset import Dataset
from ms25_suite.training.request import TrainingData, TrainingRequest
from ms25_suite.training.trainer import Trainer

__all__ = ["DEFAULT_BUDGET", "DEFAULT_SIZE", "training_data", "training_request"]

DEFAULT_SIZE = 100
"""Number of training frames by default: one of the paper's sizes, and quick."""

DEFAULT_BUDGET = "smoke"


def training_request(
    dataset: Dataset,
    trainer: Trainer,
    *,
    n: int | None = None,
    set: int = 1,  # noqa: A002
    seed: int = 0,
    budget: str = DEFAULT_BUDGET,
    split: str | None = None,
) -> TrainingRequest:
    """Request with the defaults filled in.

    Parameters
    ----------
    dataset
        Dataset to train on.
    trainer
        Trainer of the architecture.
    set, seed, budget
        See `TrainingRequest`.
    n
        Number of training frames; `DEFAULT_SIZE`, or all if there are fewer, by default.
    split
        ``frame`` or ``trajectory``; by default as the dataset's card says.

    Raises
    ------
    UsageError
        There is no such budget, or a number is out of range.
    DatasetError
        The dataset has no such set, or no training frames.
    """
    trainer.recipe(budget)
    # The manifest says it unless frames are drawn, as ever: the card may say otherwise later.
    stated = dataset.card.splits.split
    split = split or stated
    if split == stated == "frame":
        split = None
    available = len(dataset.divided(split).train(set=set))
    n_train = min(DEFAULT_SIZE, available) if n is None else n
    return TrainingRequest(trainer.name, n_train, set, seed, budget, split)


def training_data(dataset: Dataset, request: TrainingRequest) -> TrainingData:
    """Training and validation frames of a request, from the splits of the dataset.

    Raises
    ------
    DatasetError
        The dataset has no such set, not as many training frames, or no validation frames.
    LabelError
        Energies or forces are missing or not finite.
    """
    splits = dataset.divided(request.split)
    return TrainingData(
        name=dataset.name,
        sha256=dataset.sha256,
        level_of_theory=dataset.card.level_of_theory,
        tier=dataset.tier,
        cutoff=dataset.card.cutoff,
        train=dataset.part(splits.train(request.n_train, set=request.set)),
        validation=dataset.part(splits.validation(set=request.set)),
        system=dataset.name,
        atom_energies=dataset.atom_energies,
    )
