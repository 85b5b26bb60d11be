"""Training loop of architectures whose package has no training program for our frames.

The loop reports epochs, keeps the model with the lowest validation loss, and writes a checkpoint
after every epoch, so that a training that was killed continues where it was. It runs in a process
of its own, in the work folder that `ms25_suite.training.trainer.Trainer` prepared.
"""

from __future__ import annotations

import json
import math
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from ms25_suite.core.cache import atomic_path, file_sha256
from ms25_suite.core.sealed import DamagedError, read_sealed, seal
from ms25_suite.training.curve import append_line
from ms25_suite.training.files import OUTCOME, RESULTS, read_arrays

__all__ = ["TrainingRun", "say"]


class TrainingRun(ABC):
    """A training in the current folder.

    A subclass sets up its model in ``__init__`` and then calls `restore`, which continues from the
    checkpoint if there is one.

    Parameters
    ----------
    config
        Content of the configuration file: the settings of the trainer, ``device`` and
        ``model_file``. The loop reads ``max_num_epochs`` and, where a recipe limits the time,
        ``seconds_most``.

    Attributes
    ----------
    train, validation
        Frames and labels.
    epoch
        Number of the current epoch, counted from 1; 0 before the first.
    best
        Lowest validation loss so far, and its epoch.
    seconds
        Time that the epochs took so far, over all runs of this training.
    """

    checkpoint: ClassVar[str]
    """Name of the checkpoint file."""

    unit: ClassVar[str] = "epoch"
    """Word for an epoch in the log."""

    advice: ClassVar[str] = "Is a label wrong?"
    """Advice at the end of the message about a loss that is not finite."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.train = read_arrays(Path("train.npz"))
        self.validation = read_arrays(Path("validation.npz"))
        self.epoch = 0
        self.best = (math.inf, 0)
        self.seconds = 0.0
        self._discard_damaged()

    @abstractmethod
    def advance(self) -> float:
        """Train for one epoch.

        Returns
        -------
        :
            Loss of the training frames.
        """

    @abstractmethod
    def validate(self) -> tuple[float, dict[str, float]]:
        """Loss of the validation frames, and errors as in `EpochReport`."""

    @abstractmethod
    def write_model(self, path: Path) -> None:
        """Write the model in its present state."""

    @abstractmethod
    def write_checkpoint(self, path: Path, progress: Mapping[str, Any]) -> None:
        """Write the state of model and optimiser.

        Parameters
        ----------
        path
            Where to.
        progress
            ``epoch``, ``best``, ``seconds`` and ``model`` (the SHA-256 of the model file), to be
            kept as well.
        """

    @abstractmethod
    def read_checkpoint(self, path: Path) -> Mapping[str, Any]:
        """Take over the state of model and optimiser, and return ``progress``."""

    def extras(self) -> dict[str, float]:
        """Further numbers for the line of this epoch in the results file."""
        return {}

    def remark(self) -> str:
        """Further words for the line of this epoch in the log."""
        return ""

    def end_epoch(self, loss: float) -> None:  # noqa: B027  (nothing to do by default)
        """Do what follows the validation, such as a step of the learning rate.

        Parameters
        ----------
        loss
            Validation loss.
        """

    def converged(self) -> str:
        """Why the training can end before its number of epochs; empty if it cannot."""
        return ""

    def restore(self) -> None:
        """Continue from the checkpoint, if there is one."""
        path = Path(self.checkpoint)
        if not path.exists():
            return
        plain = path.with_name(f"opened-{path.name}")
        try:
            plain.write_bytes(read_sealed(path, path.name))
            progress = self.read_checkpoint(plain)
        finally:
            plain.unlink(missing_ok=True)
        self.epoch = int(progress["epoch"])
        self.best = (float(progress["best"][0]), int(progress["best"][1]))
        self.seconds = float(progress["seconds"])
        say(f"continuing after {self.unit} {self.epoch}")
        if self.best[1] and self._model_sha256() != str(progress["model"]):
            self._choose_again()

    def _discard_damaged(self) -> None:
        """Remove a checkpoint that is not what was written: the training then starts again."""
        path = Path(self.checkpoint)
        try:
            read_sealed(path, path.name)
        except FileNotFoundError:
            return
        except DamagedError as error:
            say(f"{error}: starting again")
            path.unlink()

    def _model_sha256(self) -> str:
        path = Path(self.config["model_file"])
        return file_sha256(path) if path.is_file() else ""

    def _choose_again(self) -> None:
        """Choose the best of the epochs to come, since the model of the best so far is lost."""
        what = f"the model of {self.unit} {self.best[1]} is missing or damaged"
        if self._ended():
            Path(self.checkpoint).unlink()
            msg = f"{what}, and there is no {self.unit} left: start the training again"
            raise SystemExit(msg)
        say(f"{what}: the best of the following ones is taken")
        self.best = (math.inf, 0)

    def run(self) -> None:
        """Train to the end, and write which epoch was the best and what ended the training."""
        ended_by = self._ended()
        while not ended_by:
            start = time.monotonic()
            self.epoch += 1
            train_loss = self.advance()
            loss, errors = self.validate()
            for what, value in (("training", train_loss), ("validation", loss)):
                if not math.isfinite(value):
                    self._give_up(what)
            # The line comes before the checkpoint: after a kill in between, the epoch and its line
            # are repeated, and the later line counts (`curve_of`).
            line = {"epoch": self.epoch, "loss": loss, "train_loss": train_loss}
            append_line(Path(RESULTS), {**line, **self.extras(), **errors})
            words = f"loss {loss:.6g} (training {train_loss:.6g}{self.remark()})"
            say(f"{self.unit} {self.epoch}: {words}")
            # Before the checkpoint, which holds the state of the learning rate.
            self.end_epoch(loss)
            if loss < self.best[0]:
                self.best = (loss, self.epoch)
                # Also before the checkpoint, whose best epoch must have its model.
                with atomic_path(Path(self.config["model_file"])) as temporary:
                    self.write_model(temporary)
            self.seconds += time.monotonic() - start
            progress = {
                "epoch": self.epoch,
                "best": list(self.best),
                "seconds": self.seconds,
                "model": self._model_sha256(),
            }
            with atomic_path(Path(self.checkpoint)) as temporary:
                self.write_checkpoint(temporary, progress)
                temporary.write_bytes(seal(temporary.read_bytes(), self.checkpoint))
            ended_by = self._ended()
        with atomic_path(Path(OUTCOME)) as temporary:
            text = json.dumps({"epoch": self.best[1], "ended_by": ended_by})
            temporary.write_text(text, encoding="utf-8")

    def _ended(self) -> str:
        """Reason why the training ends here; empty if it goes on."""
        if self.epoch >= self.config["max_num_epochs"]:
            return f"number of {self.unit}s"
        if self.seconds >= self.config.get("seconds_most", math.inf):
            return "time"
        return self.converged()

    def _give_up(self, what: str) -> NoReturn:
        model = Path(self.config["model_file"])
        kept = (
            f"the model of {self.unit} {self.best[1]} is kept in {model.resolve()}"
            if self.best[1]
            else f"no {self.unit} before it gave a model"
        )
        msg = f"the {what} loss of {self.unit} {self.epoch} is not a number: {kept}. {self.advice}"
        raise SystemExit(msg)

    @classmethod
    def main(cls) -> None:
        """Run the program: ``python -m MODULE CONFIG``."""
        cls(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).run()


def say(text: str) -> None:
    """Write a line to the log."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
