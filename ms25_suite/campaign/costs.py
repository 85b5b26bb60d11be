"""What tasks cost, as measured in this campaign or before."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from statistics import mean
from typing import Any

from ms25_suite.campaign.card import Campaign
from ms25_suite.campaign.row import Row
from ms25_suite.core.errors import Ms25Error
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.potentials.registry import get_trainer
from ms25_suite.training.data import training_data, training_request

__all__ = ["Cost", "Costs", "Left", "Measured", "measured_costs"]


@dataclass(frozen=True, slots=True)
class Measured:
    """Cost of an epoch, measured once.

    Parameters
    ----------
    frames
        Number of training frames.
    cpu_s_per_epoch
        CPU time of an epoch in seconds, on one core.
    memory_mb
        Largest resident memory in MiB.
    machine, date
        Where and when.
    """

    frames: int
    cpu_s_per_epoch: float
    memory_mb: float
    machine: str
    date: str


@dataclass(frozen=True, slots=True)
class Cost:
    """Estimated cost of a task.

    Parameters
    ----------
    seconds
        Time of one core in seconds; None if nothing was measured.
    memory_mb
        Memory in MiB; None if it was not measured.
    source
        Where the estimate comes from.
    """

    seconds: float | None = None
    memory_mb: float | None = None
    source: str = "not measured"


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a campaign.

    Parameters
    ----------
    seconds
        Estimated time; None if unknown.
    n_guessed
        Number of tasks of which none like them has been done yet.
    """

    seconds: float | None = None
    n_guessed: int = 0

    def shared_by(self, at_a_time: float) -> Left:
        """The same by so many workers."""
        return self if self.seconds is None else replace(self, seconds=self.seconds / at_a_time)


@cache
def measured_costs() -> Mapping[tuple[str, str, str], Measured]:
    """Costs of epochs that were measured, by architecture, dataset and budget."""
    path = files("ms25_suite.campaign") / "costs.toml"
    table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        (one["architecture"], one["dataset"], one["budget"]): Measured(
            frames=one["frames"],
            cpu_s_per_epoch=one["cpu_s_per_epoch"],
            memory_mb=one["memory_mb"],
            machine=one["machine"],
            date=one["date"],
        )
        for one in table.get("training", ())
    }


class Costs:
    """Estimates for the tasks of a campaign.

    Parameters
    ----------
    card
        The campaign.
    datasets
        Its datasets, by the texts that name them; empty: the length of a training is not known, and
        what was done in this campaign is all that is compared with.
    rows
        Its tasks.
    took
        Seconds that tasks took in this campaign, by key.
    """

    def __init__(
        self,
        card: Campaign,
        datasets: Mapping[str, Dataset],
        rows: Iterable[Row],
        took: Mapping[str, float],
    ) -> None:
        self._datasets = datasets
        self._card = card
        self._epochs: dict[tuple[str, str, int, str], tuple[int, float | None]] = {}
        self._took = dict(took)
        self._alike: dict[tuple[Any, ...], list[tuple[int, float]]] = defaultdict(list)
        for row in rows:
            if row.key in took:
                self.add(row, took[row.key])

    def add(self, row: Row, seconds: float) -> None:
        """Note that a task of this campaign took so many seconds."""
        if seconds > 0:
            for like in self._likes(row):
                self._alike[like].append((row.n or 0, seconds))

    def in_campaign(self, row: Row) -> float | None:
        """Seconds that tasks like this one took in this campaign; None if there are none.

        Trainings of another size are compared by their number of frames, to which the time of an
        epoch is proportional.
        """
        same, similar = (self._alike.get(like, []) for like in self._likes(row))
        if same:
            return sum(took for _, took in same) / len(same)
        if not similar:
            return None
        if row.kind == "train" and row.n:
            return sum(took * row.n / n for n, took in similar if n) / len(similar)
        return sum(took for _, took in similar) / len(similar)

    @staticmethod
    def _likes(row: Row) -> list[tuple[Any, ...]]:
        """What a task is compared with, the nearest first."""
        same = (row.kind, row.architecture, row.budget)
        return [(*same, row.dataset, row.n), (*same, row.dataset)]

    def left(self, rows: Iterable[Row]) -> Left:
        """Work that tasks are, one after another, as far as this campaign has seen.

        A task like none so far counts as the mean of its kind, or of all if there was none of it.
        """
        seen: dict[str, list[float]] = defaultdict(list)
        for like, ones in self._alike.items():
            seen[like[0]] += [took for _, took in ones]
        if not seen:
            return Left()
        anything = [took for ones in seen.values() for took in ones]
        total, n_guessed = 0.0, 0
        for row in rows:
            took = self.in_campaign(row)
            if took is None:
                n_guessed += 1
                took = mean(seen[row.kind] or anything)
            total += took
        return Left(total, n_guessed)

    def of(self, row: Row) -> Cost:
        """Estimate for a task."""
        known = self._measured(row)
        memory = None if known is None else known.memory_mb
        if row.key in self._took:
            return Cost(self._took[row.key], memory, "this task")
        took = self.in_campaign(row)
        if took is not None:
            return Cost(took, memory, "tasks like it in this campaign")
        if known is None:
            return Cost()
        epochs = self._length(row)
        if epochs is None or row.n is None:
            return Cost(None, memory, "not measured")
        total = epochs[0] * known.cpu_s_per_epoch * row.n / known.frames
        if epochs[1] is not None:
            total = min(total, epochs[1])
        source = f"an epoch of {known.frames} frames on one core ({known.machine}, {known.date})"
        return Cost(total, memory, source)

    def _measured(self, row: Row) -> Measured | None:
        if row.kind != "train" or row.dataset not in self._datasets:
            return None
        name = self._datasets[row.dataset].name
        return measured_costs().get((row.architecture, name, str(row.budget)))

    def _length(self, row: Row) -> tuple[int, float | None] | None:
        """Number of epochs of a training, and its limit of time in seconds."""
        if row.n is None or row.budget is None:
            return None
        key = (row.architecture, row.dataset, row.n, row.budget)
        if key not in self._epochs:
            dataset, trainer = self._datasets[row.dataset], get_trainer(row.architecture)
            try:
                request = training_request(dataset, trainer, n=row.n, budget=row.budget)
                settings = trainer.settings(
                    trainer.recipe(row.budget), request, training_data(dataset, request)
                )
            except Ms25Error:
                # It will fail with this reason when it is run.
                return None
            most = settings.get("seconds_most")
            if most is None and "phases" in settings:
                parts = [phase.get("seconds") for phase in settings["phases"]]
                most = None if None in parts else sum(parts)
            self._epochs[key] = (trainer.n_epochs(settings), most)
        return self._epochs[key]
