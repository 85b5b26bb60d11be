"""Follows a running training: its epochs, and the time that it takes."""

from __future__ import annotations

import math
import time
from pathlib import Path

from ms25_suite.core.errors import TrainingError
from ms25_suite.core.units import MEV_PER_EV
from ms25_suite.training.curve import EpochReport, LineFollower
from ms25_suite.training.progress import TrainingProgress
from ms25_suite.training.trainer import Trainer

__all__ = ["Stopwatch", "Watch"]


class Watch:
    """Passes finished epochs on to the display, and stops if a number is not finite.

    Parameters
    ----------
    trainer
        Reads the lines of the results file.
    follower
        Follows the results file.
    total
        Number of epochs of the training.
    progress
        Display of the progress.
    work
        Work folder, for messages.

    Attributes
    ----------
    reports
        Epochs so far.
    continued_from
        Last epoch of an earlier run; None if there was none.
    """

    def __init__(
        self,
        trainer: Trainer,
        follower: LineFollower,
        total: int,
        progress: TrainingProgress,
        work: Path,
    ) -> None:
        self._trainer = trainer
        self._follower = follower
        self._total = total
        self._progress = progress
        self._work = work
        self._first: tuple[float, int] | None = None
        self.reports: list[EpochReport] = []
        self.continued_from: int | None = None

    def catch_up(self) -> None:
        """Read the epochs of an earlier run; one that was not finite runs again."""
        self.reports.extend(report for report in self._read() if _is_finite(report))
        if self.reports:
            self.continued_from = self.reports[-1].epoch

    def poll(self) -> None:
        """Display the epochs that were finished since the last call.

        Raises
        ------
        TrainingError
            The loss or an error of an epoch is not finite.
        """
        for report in self._read():
            if not _is_finite(report):
                msg = (
                    f"the training was stopped: in epoch {report.epoch} the loss or an error of "
                    f"the validation frames is not finite (loss {report.loss}). The best state so "
                    f"far is kept in {self._work}. Look for wrong labels with `ms25 data audit`, "
                    "or use another seed or recipe"
                )
                raise TrainingError(msg)
            self.reports.append(report)
            # A training program need not report every error.
            forces, energy = map(report.errors.get, ("forces_rmse", "energy_rmse"))
            self._progress.update(
                report.epoch,
                report.loss,
                None if forces is None else MEV_PER_EV * forces,
                None if energy is None else MEV_PER_EV * energy,
                self._left(report.epoch),
            )

    def _read(self) -> list[EpochReport]:
        records = self._follower.read()
        return [r for r in map(self._trainer.epoch_report, records) if r is not None]

    def _left(self, epoch: int) -> float | None:
        now = time.monotonic()
        if self._first is None:
            # The first epoch contains imports and compilation: the rate is counted from its end.
            self._first = (now, epoch)
        since, start = self._first
        if epoch <= start:
            return 0.0 if epoch >= self._total else None
        return (now - since) / (epoch - start) * (self._total - epoch)


class Stopwatch:
    """Wall time of a training in seconds, summed over the runs that it took.

    Parameters
    ----------
    path
        File that keeps the time of earlier runs.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.total = 0.0

    def __enter__(self) -> None:
        self._start = time.monotonic()

    def __exit__(self, *exception: object) -> None:
        try:
            before = float(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            before = 0.0
        self.total = before + time.monotonic() - self._start
        self._path.write_text(repr(self.total), encoding="utf-8")


def _is_finite(report: EpochReport) -> bool:
    return all(map(math.isfinite, (report.loss, *report.errors.values())))
