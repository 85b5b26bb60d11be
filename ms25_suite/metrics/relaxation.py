"""Relaxing the atoms of many frames at once, each step one batch for the potential."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ms25_suite.core.errors import NotFiniteError
from ms25_suite.core.frames import BoolArray, FloatArray, Frames
from ms25_suite.metrics.finite import Predict, predict_finite

__all__ = ["Relaxation", "relax"]


@dataclass(frozen=True, slots=True, eq=False)
class Relaxation:
    """Relaxed frames.

    Parameters
    ----------
    frames
        The frames with the positions that were reached.
    energies
        Energies in eV, NaN for a frame without a finite one, shape ``(n_frames,)``.
    forces
        Forces in eV/Å, zero on fixed atoms, shape ``(n_atoms_total, 3)``.
    converged
        Whether the largest force of all frames is below what was asked for.
    fmax
        The largest force that is left in eV/Å.
    steps
        Steps that were taken.
    """

    frames: Frames
    energies: FloatArray
    forces: FloatArray
    converged: bool
    fmax: float
    steps: int


def relax(
    frames: Frames,
    predict: Predict,
    *,
    fmax: float,
    steps: int,
    fixed: BoolArray | None = None,
) -> Relaxation:
    """Relax positions in fixed cells until the largest force of all frames is small.

    ASE's L-BFGS over the positions of all frames: the sum of their energies has no coupling between
    them, and its steps are limited atom by atom, so that a frame does not wait for others. The
    defaults are ASE's. A frame that loses its finite energy is held where it is.

    Parameters
    ----------
    frames
        Where to start, without displacements: symmetry is kept.
    predict
        Predicts all frames at once.
    fmax
        Largest force in eV/Å that may be left on an atom.
    steps
        Most steps.
    fixed
        Atoms that do not move, shape ``(n_atoms_total,)``.

    Raises
    ------
    PredictionError
        The potential raised.
    """
    from ase.optimize import LBFGS

    batch = _Batch(frames, predict, fixed)
    optimizer = LBFGS(batch.optimizable(), logfile=None)
    converged = bool(optimizer.run(fmax=fmax, steps=steps)) and not batch.lost.any()
    energies, forces = batch.evaluate()
    largest = float(np.linalg.norm(forces, axis=1).max(initial=0.0))
    return Relaxation(
        batch.frames,
        np.where(batch.lost, np.nan, energies),
        forces,
        converged,
        largest,
        int(optimizer.nsteps),
    )


class _Batch:
    """Frames as one object that ASE's optimizers move."""

    def __init__(self, frames: Frames, predict: Predict, fixed: BoolArray | None) -> None:
        self.frames = frames
        self.lost = np.zeros(len(frames), dtype=np.bool_)
        self._predict = predict
        self._fixed = fixed
        self._known: tuple[FloatArray, FloatArray] | None = None

    def evaluate(self) -> tuple[FloatArray, FloatArray]:
        """Energies, and forces on what may move; asks for the same positions once only."""
        if self._known is None:
            found, finite = predict_finite(self._predict, self.frames)
            self.lost |= ~finite
            if self.lost.all():
                msg = "no frame has a finite prediction"
                raise NotFiniteError(msg)
            energies = np.where(self.lost, 0.0, np.asarray(found.energy))
            forces = np.array(found.forces)
            forces[self.lost[self.frames.frame_of_atom]] = 0.0
            if self._fixed is not None:
                forces[self._fixed] = 0.0
            self._known = energies, forces
        return self._known

    def move(self, positions: FloatArray) -> None:
        """Take new positions."""
        if not np.array_equal(positions, self.frames.positions):
            self.frames = replace(self.frames, positions=positions)
            self._known = None

    def optimizable(self) -> Any:
        """What ASE's optimizers ask."""
        from ase.utils.abc import Optimizable

        batch = self

        class BatchOptimizable(Optimizable):  # type: ignore[misc]
            def ndofs(self) -> int:
                return int(batch.frames.positions.size)

            def get_x(self) -> FloatArray:
                return np.array(batch.frames.positions).ravel()

            def set_x(self, x: FloatArray) -> None:
                batch.move(np.array(x).reshape(-1, 3))

            def get_gradient(self) -> FloatArray:
                return -batch.evaluate()[1].ravel()

            def get_value(self) -> float:
                return float(batch.evaluate()[0].sum())

            def iterimages(self) -> Iterator[Any]:
                return iter(())

        return BatchOptimizable()
