"""Training program of moment tensor potentials.

Run as ``python -m ms25_suite.architectures.mtp.run CONFIG``; see `TrainingRun`.

It starts from random radial functions with the best linear parameters for them, and then minimises
the loss step by step (`fit`). The checkpoint holds the state of the minimisation too: a training
that was killed continues as if nothing had happened.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

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
from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.potentials.batching.graphs import build_graph
from ms25_suite.potentials.evaluate import EdgeEvaluator
from ms25_suite.training.curve import validation_errors
from ms25_suite.training.run import TrainingRun

__all__ = ["MtpRun", "shortest_distance"]

_Kind = type[Bfgs] | type[LevenbergMarquardt]
_DESCENTS: Final[Mapping[str, _Kind]] = {"bfgs": Bfgs, "levenberg-marquardt": LevenbergMarquardt}

STOP_STEPS: Final = 50
"""Steps over which the loss must fall: the rule of MLIP-2's ``--bfgs-conv-tol``."""

_STATE: Final = "state_"

MARGIN: Final = 0.95
"""``min_dist`` over the shortest distance in the training frames."""


def shortest_distance(frames: Frames, r_max: float) -> float:
    """Shortest distance between atoms in Å; the cutoff if no atoms are closer."""
    lengths = np.linalg.norm(build_graph(frames, r_max).vectors, axis=1)
    return float(lengths.min(initial=r_max))


class MtpRun(TrainingRun):
    """A training in the current folder.

    Parameters
    ----------
    config
        Values of `MtpTrainer.settings`.
    """

    checkpoint = "checkpoint.npz"
    unit = "step"

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        self._data = _untrained(config, self.train[0])
        self._weights = Weights(
            config["energy_weight"], config["forces_weight"], config["stress_weight"]
        )
        self._kind = _DESCENTS[config["optimizer"]]
        self._losses: list[float] = []
        self._went_down = True
        self._descent: Descent
        start = time.monotonic()
        if Path(self.checkpoint).exists():
            self.restore()
        else:
            # Both minimisers start from the best linear parameters, which need the second
            # derivative once, also for BFGS.
            first = LeastSquares(self._data, *self.train, self._weights, curvature=True)
            self._descent = self._kind(self._function(), best_linear(first, self._data.parameters))
        self.seconds += time.monotonic() - start

    def advance(self) -> float:
        """Take one step; the first epoch is the start itself."""
        # The start has random radial functions and the best linear parameters for them.
        self._went_down = self._descent.step() if self.epoch > 1 else True
        loss = self._descent.point.loss
        self._losses.append(loss)
        return loss

    def validate(self) -> tuple[float, dict[str, float]]:
        """Loss of the validation frames, and their errors."""
        frames, labels = self.validation
        # The function leaves the parameters of its last trial, which may have been taken back.
        self._data.parameters = self._descent.point.parameters
        predictions = EdgeEvaluator(MtpModel(self._data)).predict(frames)
        loss = loss_of(frames, labels, predictions, self._weights)
        return loss, validation_errors(frames, labels, predictions)

    def remark(self) -> str:
        """Whether the step was taken back because the loss rose."""
        return "" if self._went_down else "; taken back"

    def converged(self) -> str:
        """Whether the loss has stopped falling: the rule of MLIP-2's ``--bfgs-conv-tol``."""
        if len(self._losses) <= STOP_STEPS:
            return ""
        # "The change in the loss fell below the threshold of 0.001" (MS25, MTP Training Procedure),
        # relative to the loss and over STOP_STEPS steps.
        before, now = self._losses[-1 - STOP_STEPS], self._losses[-1]
        return "loss" if before - now <= self.config.get("loss_stop", 0.0) * before else ""

    def write_model(self, path: Path) -> None:
        """Write the potential in the layout that MLIP-2 and LAMMPS read too."""
        from motep.io.mlip.mtp import write_mtp

        write_mtp(path, self._data, legacy=True)

    def write_checkpoint(self, path: Path, progress: Mapping[str, Any]) -> None:
        """Write parameters and the state of the minimisation."""
        content: dict[str, Any] = {
            **{name: np.array(value) for name, value in progress.items()},
            "losses": np.array(self._losses),
            "parameters": self._descent.point.parameters,
            **{f"{_STATE}{name}": value for name, value in self._descent.state.items()},
        }
        with path.open("wb") as file:
            np.savez(file, **content)

    def read_checkpoint(self, path: Path) -> Mapping[str, Any]:
        """Take over parameters and the state of the minimisation."""
        with np.load(path, allow_pickle=False) as archive:
            content = dict(archive)
        self._losses = content["losses"].tolist()
        # Evaluates the loss at the stored parameters again, which gives the same point.
        self._descent = self._kind(self._function(), content["parameters"])
        state = {name: value for name, value in content.items() if name.startswith(_STATE)}
        self._descent.restore({name.removeprefix(_STATE): state[name] for name in state})
        return content

    def _function(self) -> LeastSquares:
        return LeastSquares(self._data, *self.train, self._weights, curvature=self._kind.curvature)


def _untrained(settings: Mapping[str, Any], frames: Frames) -> Any:
    """Potential with random parameters."""
    from motep.io.mlip.mtp import read_mtp

    r_max = settings["r_max"]
    text = template(
        settings["level"],
        len(settings["symbols"]),
        # min_dist to r_max is mapped to [-1, 1], where Chebyshev polynomials stay within 1; beyond
        # it they grow as powers of the distance.
        MARGIN * shortest_distance(frames, r_max),
        r_max,
        settings["radial_basis_size"],
    )
    path = Path("untrained.mtp")
    path.write_text(text, encoding="utf-8")
    data = read_mtp(path)
    # Ascending atomic numbers, the order in which the sidecar names the species.
    data.species = list(frames.elements)
    data.initialize(np.random.default_rng(settings["seed"]))
    return data


def best_linear(function: LeastSquares, parameters: FloatArray) -> FloatArray:
    """Parameters whose linear ones are optimal for the given radial functions.

    Raises
    ------
    ValueError
        The function computes no second derivative.
    """
    point = function(parameters)
    if point.curvature is None:
        msg = "expected a function with the second derivative"
        raise ValueError(msg)
    # The loss is quadratic in the linear parameters: one Newton step finds the minimum.
    n = function.n_linear
    curvature = point.curvature[:n, :n]
    # Energies of the elements and moments differ by orders of magnitude, so the system is scaled.
    scale = 1.0 / np.sqrt(np.maximum(np.diag(curvature), np.finfo(float).tiny))
    scaled = scale[:, None] * curvature * scale
    # Least squares and not a solver: the data may leave combinations undetermined (elements in a
    # fixed ratio), which then do not change.
    change, *_ = np.linalg.lstsq(scaled, -scale * point.gradient[:n], rcond=1e-12)
    found = point.parameters.copy()
    found[:n] += scale * change
    return found


if __name__ == "__main__":
    MtpRun.main()
