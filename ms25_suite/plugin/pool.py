"""The potentials of a session: opened at first use, few with running workers at a time."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest

from ms25_suite.core.documents.files import file_problem, said_of, user_path
from ms25_suite.core.errors import ReferenceCalculatorError, UsageError
from ms25_suite.criteria.without_model import fit_baseline
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.datasets.tiers import Tier
from ms25_suite.potentials.frameworks.opening import from_calculator_file, from_framework
from ms25_suite.potentials.opening import (
    from_baseline,
    from_calculator,
    from_model_file,
    from_object,
)
from ms25_suite.potentials.potential import Potential, PotentialOptions
from ms25_suite.potentials.registry import get_trainer
from ms25_suite.potentials.spec import PotentialSpec
from ms25_suite.training.data import training_data, training_request
from ms25_suite.training.manifest import read_manifest

__all__ = ["POOL", "PotentialPool", "use_potential_file"]

MAX_ALIVE = 2
"""Potentials whose workers are kept running; more would only fill the memory."""


class PotentialPool:
    """Opens potentials by their specifications, and closes those that were not used lately.

    Parameters
    ----------
    options
        How potentials are run.
    terminal
        Context manager that gives the stream for progress, or None where there is none.
    tier
        What names of datasets to train on mean; see `open_dataset`.
    """

    def __init__(
        self,
        options: PotentialOptions,
        terminal: Callable[[], AbstractContextManager[IO[str] | None]] = nullcontext,
        tier: Tier | None = None,
    ) -> None:
        self._options = options
        self._terminal = terminal
        self._tier = tier
        self._open: OrderedDict[tuple[str, str], Potential] = OrderedDict()

    def get(self, spec: PotentialSpec, dataset: Dataset) -> Potential:
        """Potential of a specification, for checks on a dataset.

        Raises
        ------
        Ms25Error
            It cannot be opened or trained; the class of the error says why.
        """
        # These are another potential on each dataset; a model file is the same on all.
        depends = spec.kind in ("reference", "baseline") or (
            spec.kind == "train" and spec.trained_on is None
        )
        key = (spec.text, dataset.name if depends else "")
        if key not in self._open:
            self._open[key] = self._make(spec, dataset)
        self._open.move_to_end(key)
        # Least recently used first. A closed potential starts its workers again when it is used.
        for old in list(self._open.values())[:-MAX_ALIVE]:
            old.close()
        return self._open[key]

    def close(self) -> None:
        """End all workers."""
        for opened in self._open.values():
            opened.close()

    def _make(self, spec: PotentialSpec, dataset: Dataset) -> Potential:
        if spec.kind == "train":
            return self._train(spec, dataset)
        if spec.kind == "reference":
            target = dataset.card.reference_calculator
            if not target:
                msg = (
                    f"the dataset {dataset.name} has no reference calculator: its labels cannot be "
                    "computed again. A card can name one: reference_calculator = 'module:factory'"
                )
                raise ReferenceCalculatorError(msg)
            return from_calculator(target, spec.name, self._options, architecture="reference")
        if spec.kind == "baseline":
            return from_baseline(fit_baseline(dataset), spec.name, self._options)
        if spec.model is not None:
            return from_framework(spec.model, spec.name, self._options)
        if spec.kind == "calculator" and spec.environment and spec.path:
            return from_calculator_file(spec.path, spec.environment, spec.name, self._options)
        if spec.kind == "calculator":
            target = str(spec.path) if spec.path else spec.text
            return from_calculator(target, spec.name, self._options)
        if spec.kind == "object":
            return from_object(spec.text, spec.name, self._options)
        if spec.path is None:
            msg = f"--mlip={spec.text} names no file"
            raise UsageError(msg)
        chosen = spec.model_options
        return from_model_file(
            spec.path,
            spec.architecture,
            spec.name,
            replace(
                self._options,
                head=chosen.head,
                backend=chosen.backend,
                tf32=chosen.tf32 == "on",
            ),
            manifest=read_manifest(spec.path),
        )

    def _train(self, spec: PotentialSpec, dataset: Dataset) -> Potential:
        from ms25_suite.training import RichProgress, SilentProgress, train

        trainer = get_trainer(spec.architecture)
        trained_on = spec.trained_on
        source = dataset if trained_on is None else open_dataset(trained_on, tier=self._tier)
        request = training_request(source, trainer, **spec.training)
        data = training_data(source, request)
        tuning = spec.tuning
        if tuning is not None:
            replayed = open_dataset(tuning.replay, tier=self._tier) if tuning.replay else None
            data = tuning.open(trainer, request, data, replayed, self._options.device)
        with self._terminal() as stream:
            progress = SilentProgress() if stream is None else RichProgress(stream)
            trained = train(trainer, request, data, device=self._options.device, progress=progress)
        return from_model_file(
            trained.model_path,
            spec.architecture,
            spec.name,
            self._options,
            manifest=trained.manifest,
        )


POOL = pytest.StashKey[PotentialPool]()
"""The potentials of a session, in ``config.stash``."""


def use_potential_file(path: str | None) -> None:
    """Tell the reference calculators, also those in worker processes, where their file is.

    Raises
    ------
    UsageError
        There is no such file.
    """
    if path is None:
        return
    problem = file_problem(user_path(path, "--potential-file", UsageError))
    if problem:
        msg = f"--potential-file={path}: {said_of(problem)}"
        raise UsageError(msg)
    # The environment is inherited by workers, in whatever folder they run.
    os.environ["MS25_POTENTIAL_FILE"] = str(Path(path).resolve())
