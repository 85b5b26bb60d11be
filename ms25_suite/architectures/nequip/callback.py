"""Callback for a training by the nequip framework: reports, checkpoints, a stop at NaN.

Imported in the environment of nequip only.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.callbacks import Checkpoint
from nequip.train import MeanSquaredError

__all__ = ["BEST", "LAST", "EpochRecorder", "NotANumberError", "PartialMeanSquaredError"]

BEST = "best.ckpt"
LAST = "last.ckpt"
_VALIDATION = "val0_epoch/"


class NotANumberError(Exception):
    """The loss is not finite."""


class PartialMeanSquaredError(MeanSquaredError):  # type: ignore[misc]
    """Mean squared error of labels that some batches lack; 0 for a batch without labels."""

    def compute(self) -> torch.Tensor:
        """Sum of squares over the number of labels, or over 1 if there are none."""
        return self.sum / torch.clamp(self.count, min=1)


class EpochRecorder(Checkpoint):  # type: ignore[misc]
    """Writes a line for each epoch, and keeps its best and its last state.

    The line is written before the state: after a kill in between, the epoch and its line are
    repeated. A file replaces the older one only when it is complete.

    Parameters
    ----------
    results
        File of JSON lines.
    folder
        Where `BEST` and `LAST` are kept.
    before
        Number of epochs of earlier phases.
    """

    def __init__(self, results: Path, folder: Path, before: int) -> None:
        self._results = results
        self._folder = folder
        self._before = before
        self.best_loss = math.inf
        self.best_epoch = 0
        self._seen: float | None = None

    def state_dict(self) -> dict[str, Any]:
        """Best epoch and last loss so far, for checkpoints."""
        best = {"best_loss": self.best_loss, "best_epoch": self.best_epoch}
        return {**best, "seen": self._seen}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Inverse of `state_dict`."""
        self.best_loss = float(state_dict["best_loss"])
        self.best_epoch = int(state_dict["best_epoch"])
        self._seen = state_dict["seen"]

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stop at once when the loss is not finite."""
        loss = outputs["loss"]
        if not torch.isfinite(loss).all():
            # The optimiser has taken its step: these weights are lost, the checkpoints are not.
            self._give_up(f"the training loss is {float(loss)}", trainer)

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Repeat the step of a plateau scheduler, which comes after the state is saved."""
        if self._seen is None:
            return
        for config in trainer.lr_scheduler_configs:
            if config.reduce_on_plateau:
                config.scheduler.step(self._seen)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Write the line of the epoch, and keep its state."""
        # nequip swaps the averaged weights in for the validation: these are the errors of the
        # model that a checkpoint gives, not of the weights that are being trained.
        metrics = {
            name.removeprefix(_VALIDATION): float(value)
            for name, value in trainer.callback_metrics.items()
            if name.startswith(_VALIDATION)
        }
        loss = metrics.pop("weighted_sum")
        if not math.isfinite(loss):
            self._give_up(f"the validation loss is {loss}", trainer)
        # Lightning counts epochs from 0, and anew in each phase.
        epoch = self._before + trainer.current_epoch + 1
        rate = trainer.optimizers[0].param_groups[0]["lr"]
        record = {"epoch": epoch, "loss": loss, "lr": rate, **metrics}
        with self._results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, allow_nan=False) + "\n")
        self._seen = loss
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, epoch
            self._save(trainer, BEST)
        self._save(trainer, LAST)

    def _save(self, trainer: Any, name: str) -> None:
        path = self._folder / name
        partial = path.with_name(f".{name}.{os.getpid()}.partial")
        try:
            # The whole state: optimiser, scheduler, averaged weights and order of the frames, too.
            trainer.save_checkpoint(partial, weights_only=False)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def _give_up(self, what: str, trainer: Any) -> None:
        epoch = self._before + trainer.current_epoch + 1
        kept = f"the best model so far is of epoch {self.best_epoch}" if self.best_epoch else ""
        kept = kept or "no epoch was finished before"
        msg = (
            f"{what} in epoch {epoch}; {kept}. A lower learning rate, or removing frames with "
            "extreme forces, usually helps"
        )
        raise NotANumberError(msg)
