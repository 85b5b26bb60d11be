"""The training of a moment tensor potential, in a process of its own.

Run as ``python -m ms25_suite.architectures.mtp.run PARENT CONFIG`` in a work folder; ``PARENT``
is the number of the process that waits for it.

It starts from random radial functions, with the best linear parameters for them, and then goes down
step by step (`mtp_fit`). After each step parameters and state of the minimisation are written: a
training that was killed continues as if nothing had happened.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

import numpy as np

from ms25_suite.architectures.mtp.fit import (
    Bfgs,
    Descent,
    LeastSquares,
    LevenbergMarquardt,
    Weights,
    loss_of,
)
from ms25_suite.architectures.mtp.model import MtpModel
from ms25_suite.architectures.mtp.template import template
from ms25_suite.architectures.mtp.trainer import BEST, CHECKPOINT, OUTCOME, RESULTS
from ms25_suite.core.cache import atomic_path
from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.potentials.evaluate import EdgeEvaluator, build_graph
from ms25_suite.training.curve import append_line, validation_errors
from ms25_suite.training.files import read_arrays
from ms25_suite.training.process import end_with_parent

__all__ = ["MtpRun", "shortest_distance"]

_Kind = type[Bfgs] | type[LevenbergMarquardt]
_DESCENTS: Final[Mapping[str, _Kind]] = {"bfgs": Bfgs, "levenberg-marquardt": LevenbergMarquardt}

STOP_STEPS: Final = 50
"""Steps over which the loss must fall: the rule of MLIP-2's ``--bfgs-conv-tol``."""

MARGIN: Final = 0.95
"""``min_dist`` in units of the shortest distance in the training frames."""


def shortest_distance(frames: Frames, r_max: float) -> float:
    """Shortest distance between atoms in Å; the cutoff if there are none within it."""
    lengths = np.linalg.norm(build_graph(frames, r_max).vectors, axis=1)
    return float(lengths.min(initial=r_max))


class MtpRun:
    """A training in the current folder.

    Parameters
    ----------
    settings
        Values of `MtpTrainer.settings`.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        train, self._validation = (
            read_arrays(Path("train.npz")),
            read_arrays(Path("validation.npz")),
        )
        self._data = _untrained(settings, train[0])
        self._weights = Weights(
            settings["energy_weight"], settings["forces_weight"], settings["stress_weight"]
        )
        kind = _DESCENTS[settings["optimizer"]]
        function = LeastSquares(self._data, *train, self._weights, curvature=kind.curvature)
        self._epoch = 0
        self._best = (math.inf, 0)
        self._seconds = 0.0
        self._losses: list[float] = []
        start = time.monotonic()
        if Path(CHECKPOINT).exists():
            self._descent = self._continue(kind, function)
        else:
            first = LeastSquares(self._data, *train, self._weights, curvature=True)
            self._descent = kind(function, best_linear(first, self._data.parameters))
        self._seconds += time.monotonic() - start

    def run(self) -> None:
        """Train to the end and say how it ended."""
        ended_by = self._ended()
        while not ended_by:
            start = time.monotonic()
            self._epoch += 1
            # The first one is the start: random radial functions, best linear parameters.
            went_down = self._descent.step() if self._epoch > 1 else True
            train_loss = self._descent.point.loss
            loss, errors = self._validate()
            for what, value in (("training", train_loss), ("validation", loss)):
                if not math.isfinite(value):
                    self._give_up(what)
            self._losses.append(train_loss)
            line = {"epoch": self._epoch, "loss": loss, "train_loss": train_loss}
            append_line(Path(RESULTS), {**line, **errors})
            note = "" if went_down else "; taken back"
            _say(f"step {self._epoch}: loss {loss:.6g} (training {train_loss:.6g}{note})")
            if loss < self._best[0]:
                self._best = (loss, self._epoch)
                self._write_best()
            self._seconds += time.monotonic() - start
            self._save()
            ended_by = self._ended()
        with atomic_path(Path(OUTCOME)) as temporary:
            text = json.dumps({"epoch": self._best[1], "ended_by": ended_by})
            temporary.write_text(text, encoding="utf-8")

    def _ended(self) -> str:
        """Why the training is over; empty if it is not."""
        settings, losses = self._settings, self._losses
        if self._epoch >= settings["max_num_epochs"]:
            return "number of steps"
        if self._seconds >= settings.get("seconds_most", math.inf):
            return "time"
        if len(losses) > STOP_STEPS:
            before, now = losses[-1 - STOP_STEPS], losses[-1]
            if before - now <= settings.get("loss_stop", 0.0) * before:
                return "loss"
        return ""

    def _validate(self) -> tuple[float, dict[str, float]]:
        """Loss of the validation frames, and their errors."""
        frames, labels = self._validation
        self._data.parameters = self._descent.point.parameters
        predictions = EdgeEvaluator(MtpModel(self._data)).predict(frames)
        loss = loss_of(frames, labels, predictions, self._weights)
        return loss, validation_errors(frames, labels, predictions)

    def _write_best(self) -> None:
        from motep.io.mlip.mtp import write_mtp

        with atomic_path(Path(BEST)) as temporary:
            # In the layout that MLIP-2 and LAMMPS read too.
            write_mtp(temporary, self._data, legacy=True)

    def _save(self) -> None:
        content: dict[str, Any] = {
            "epoch": np.array(self._epoch),
            "best": np.array(self._best),
            "seconds": np.array(self._seconds),
            "losses": np.array(self._losses),
            "parameters": self._descent.point.parameters,
            **{f"state_{name}": value for name, value in self._descent.state.items()},
        }
        with atomic_path(Path(CHECKPOINT)) as temporary, temporary.open("wb") as file:
            np.savez(file, **content)

    def _continue(self, kind: _Kind, function: LeastSquares) -> Descent:
        with np.load(CHECKPOINT, allow_pickle=False) as content:
            self._epoch = int(content["epoch"])
            self._best = (float(content["best"][0]), int(content["best"][1]))
            self._seconds = float(content["seconds"])
            self._losses = content["losses"].tolist()
            descent = kind(function, content["parameters"])
            prefix = "state_"
            names = [name for name in content.files if name.startswith(prefix)]
            descent.restore({name.removeprefix(prefix): content[name] for name in names})
        _say(f"continuing after step {self._epoch}")
        return descent

    def _give_up(self, what: str) -> NoReturn:
        kept = (
            f"the model of step {self._best[1]} is kept in {Path(BEST).resolve()}"
            if self._best[1]
            else "no step before it gave a model"
        )
        msg = f"the {what} loss of step {self._epoch} is not a number: {kept}. Is a label wrong?"
        raise SystemExit(msg)


def _say(text: str) -> None:
    """Write a line to the log."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _untrained(settings: Mapping[str, Any], frames: Frames) -> Any:
    """Potential with random parameters."""
    from motep.io.mlip.mtp import read_mtp

    r_max = settings["r_max"]
    text = template(
        settings["level"],
        len(settings["symbols"]),
        MARGIN * shortest_distance(frames, r_max),
        r_max,
        settings["radial_basis_size"],
    )
    path = Path("untrained.mtp")
    path.write_text(text, encoding="utf-8")
    data = read_mtp(path)
    data.species = list(frames.elements)
    data.initialize(np.random.default_rng(settings["seed"]))
    return data


def best_linear(function: LeastSquares, parameters: FloatArray) -> FloatArray:
    """Parameters with the best linear ones for the radial functions that they have."""
    point = function(parameters)
    if point.curvature is None:
        msg = "the second derivative is needed"
        raise ValueError(msg)
    n = function.n_linear
    curvature = point.curvature[:n, :n]
    # Energies of the elements and moments are of different size: scaled, then solved.
    scale = 1.0 / np.sqrt(np.maximum(np.diag(curvature), np.finfo(float).tiny))
    scaled = scale[:, None] * curvature * scale
    change, *_ = np.linalg.lstsq(scaled, -scale * point.gradient[:n], rcond=1e-12)
    found = point.parameters.copy()
    found[:n] += scale * change
    return found


def main() -> None:
    """Train as the configuration says."""
    end_with_parent(int(sys.argv[1]))
    MtpRun(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))).run()


if __name__ == "__main__":
    main()
