"""Relaxation of the atoms of many frames at once, with one batch for the potential at each step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ms25_suite.core.errors import NotFiniteError
from ms25_suite.core.frames import BoolArray, FloatArray, Frames
from ms25_suite.core.text.progress import progress
from ms25_suite.metrics.finite import Predict, predict_finite

__all__ = ["Relaxation", "relax"]


@dataclass(frozen=True, slots=True, eq=False)
class Relaxation:
    """Relaxed frames.

    Parameters
    ----------
    frames
        Frames with the final positions.
    energies
        Final energies in eV, NaN for a frame without a finite one, shape ``(n_frames,)``.
    forces
        Final forces in eV/Å, zero on fixed atoms, shape ``(n_atoms_total, 3)``.
    converged
        Whether all frames have finite predictions and forces below the limit.
    fmax
        Largest remaining force on an atom in eV/Å.
    steps
        Number of steps.
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
    """Relax positions in fixed cells until all forces are small.

    ASE's L-BFGS with its default parameters over the positions of all frames together, that is on
    the sum of their energies, which does not couple them. A frame that loses its finite energy is
    held where it is.

    Parameters
    ----------
    frames
        Start frames. Positions are not perturbed, so a symmetry of the start is kept.
    predict
        Predicts all frames at once.
    fmax
        Largest force that may remain on an atom, in eV/Å.
    steps
        Maximum number of steps.
    fixed
        Whether each atom is fixed, shape ``(n_atoms_total,)``; by default none is.

    Raises
    ------
    NotFiniteError
        No frame has a finite prediction.
    PredictionError
        The potential raised.

    References
    ----------
    J. Nocedal, Math. Comp. 35, 773 (1980), doi:10.1090/S0025-5718-1980-0572855-7 (L-BFGS).
    """
    from ase.optimize import LBFGS

    batch = _Batch(frames, predict, fixed)
    # ASE scales the step of all frames so that no atom moves by more than `maxstep` (0.2 Å): the
    # frame with the largest step slows the others down.
    optimizer = LBFGS(batch.optimizable(), logfile=None)
    # A frame that was lost has zero forces and would count as converged.
    with progress(f"relaxing {len(frames)} frames", steps, at_most=True) as bar:
        optimizer.attach(bar.advance)
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
    """All frames as one object for ASE's optimizers."""

    def __init__(self, frames: Frames, predict: Predict, fixed: BoolArray | None) -> None:
        self.frames = frames
        self.lost = np.zeros(len(frames), dtype=np.bool_)
        self._predict = predict
        self._fixed = fixed
        self._known: tuple[FloatArray, FloatArray] | None = None

    def evaluate(self) -> tuple[FloatArray, FloatArray]:
        """Energies, and forces with zeros for fixed atoms; each configuration is evaluated once."""
        if self._known is None:
            found, finite = predict_finite(self._predict, self.frames)
            self.lost |= ~finite
            if self.lost.all():
                msg = "no frame has a finite prediction"
                raise NotFiniteError(msg)
            # Zero energy and forces hold a lost frame in place without affecting the others.
            energies = np.where(self.lost, 0.0, np.asarray(found.energy))
            forces = np.array(found.forces)
            forces[self.lost[self.frames.frame_of_atom]] = 0.0
            if self._fixed is not None:
                forces[self._fixed] = 0.0
            self._known = energies, forces
        return self._known

    def move(self, positions: FloatArray) -> None:
        """Set new positions."""
        # Predictions are kept while the positions do not change.
        if not np.array_equal(positions, self.frames.positions):
            self.frames = replace(self.frames, positions=positions)
            self._known = None

    def optimizable(self) -> Any:
        """Interface that ASE's optimizers use."""
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
                # ASE minimises the value: its gradient is minus the forces.
                return -batch.evaluate()[1].ravel()

            def get_value(self) -> float:
                return float(batch.evaluate()[0].sum())

            def iterimages(self) -> Iterator[Any]:
                return iter(())

        return BatchOptimizable()
