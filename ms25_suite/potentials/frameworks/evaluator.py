"""Evaluation of a framework's model in batches of its own package."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import PredictionError
from ms25_suite.core.frames import FloatArray, Frames, IntArray, Predictions, to_voigt
from ms25_suite.metrics.agreement import compare_predictions
from ms25_suite.potentials.base import ModelInfo
from ms25_suite.potentials.batching.graphs import batches
from ms25_suite.potentials.batching.limits import FixedLimit
from ms25_suite.potentials.batching.memory import is_out_of_memory, out_of_memory
from ms25_suite.potentials.frameworks.batches import Batched, Found
from ms25_suite.potentials.from_ase import CalculatorEvaluator

__all__ = ["BatchEvaluator"]

_DTYPE: Final = "float32"
"""Precision of what frameworks compute, unless somebody asks them for another one."""

_COMPARED: Final = 2
"""Frames of the first batch that are predicted alone too, before batches are trusted."""


class BatchEvaluator:
    """Predictions of a framework in batches; frame by frame where a batch fails.

    A batch is another program for the same function. So frames of the first one are predicted by
    the calculator too, and if they differ by more than rounding, so is everything else.

    Parameters
    ----------
    calculator
        The framework's ASE calculator.
    batched
        Its batches.
    batch_atoms
        Most atoms in a batch; halved, for all later batches too, if the memory is exhausted.
    """

    tells_batches = True

    def __init__(self, calculator: Any, batched: Batched, batch_atoms: int) -> None:
        self._single = CalculatorEvaluator(calculator)
        self._batched = batched
        self._read: set[str] = set()
        self._trusted: bool | None = None
        self.limit = FixedLimit(batch_atoms)

    @property
    def info(self) -> ModelInfo:
        """Elements if they are known, and the inputs that the package has read so far."""
        known = self._single.info
        inputs = tuple(sorted({*self._read, *(known.inputs or ())}))
        return replace(known, elements=self._batched.numbers or known.elements, inputs=inputs)

    def predict(
        self, frames: Frames, *, on_batch: Callable[[int], object] = lambda n_frames: None
    ) -> Predictions:
        """Energies, forces and, if the model has them, stresses of periodic frames.

        Parameters
        ----------
        frames
            The frames.
        on_batch
            Called with the number of frames of each batch that is done, so that a long request can
            report how far it is.

        Raises
        ------
        PredictionError
            The package raised for some frames alone too, which are named: all of those in the
            batch; or it gave arrays of another shape.
        OutOfMemoryError
            A single frame does not fit into the memory.
        """
        waiting = [np.arange(len(frames))]
        parts: list[Predictions] = []
        while waiting:
            chosen = waiting.pop()
            # One after the other: the limit may have changed.
            first = next(batches(frames.n_atoms[chosen], self.limit.value), None)
            if first is None:
                continue
            waiting.append(chosen[len(first) :])
            parts += self._evaluated(frames, chosen[: len(first)])
            on_batch(len(first))
        if not parts:
            return Predictions(np.zeros(0), np.zeros((0, 3)), np.zeros((0, 6)))
        return _joined(parts)

    def _evaluated(self, frames: Frames, chosen: IntArray) -> list[Predictions]:
        """A batch, or its halves if it does not fit, or its frames if it fails."""
        n_atoms = int(frames.n_atoms[chosen].sum())
        # A frame of its own is no batch, and needs none to be trusted.
        if self._trusted is False or (self._trusted is None and len(chosen) == 1):
            return self._alone(frames, chosen)
        try:
            found = self._batch(frames.select(chosen))
        except PredictionError:
            raise
        except (Exception, SystemExit) as error:
            full = is_out_of_memory(error)
            if full and len(chosen) == 1:
                raise out_of_memory(n_atoms, error) from error
            reason = f"{type(error).__name__}: {error}"
        else:
            if self._trusted is None:
                self._trusted = self._agrees(frames.select(chosen), found)
            return [found] if self._trusted else self._alone(frames, chosen)
        # Outside of `except`: the exception keeps the arrays of the model alive.
        if full:
            self.limit.failed(n_atoms)
            half = -(-len(chosen) // 2)
            return [
                *self._evaluated(frames, chosen[:half]),
                *self._evaluated(frames, chosen[half:]),
            ]
        _log(f"a batch of {len(chosen)} frames failed ({reason}); they are predicted alone")
        return self._alone(frames, chosen)

    def _alone(self, frames: Frames, chosen: IntArray) -> list[Predictions]:
        """Each frame by the calculator, so that an error names those that it is about."""
        parts, failures = [], []
        for index in chosen.tolist():
            try:
                parts.append(self._single.predict(frames.select([index])))
            except PredictionError as error:
                error.frames = (index,)
                failures.append(error)
        if failures:
            msg = str(failures[0].args[0])
            raise PredictionError(msg, tuple(error.frames[0] for error in failures))
        return parts

    def _agrees(self, frames: Frames, found: Predictions) -> bool:
        """Whether the smallest frames of a batch have the numbers of the calculator."""
        fewest = np.sort(np.argsort(frames.n_atoms, kind="stable")[:_COMPARED])
        some = frames.select(fewest)
        theirs = found.select(fewest, np.asarray(frames.offsets))
        beyond = compare_predictions(some, self._single.predict(some), theirs, _DTYPE).beyond()
        if beyond:
            largest = {name: one.value for name, one in beyond.items()}
            _log(f"batches differ from the calculator by {largest}: frames are predicted alone")
        return not beyond

    def _batch(self, frames: Frames) -> Predictions:
        from ms25_suite.potentials.watched_atoms import WatchedAtoms, noticing, spread_over_atoms

        images = [frames.atoms(index, WatchedAtoms) for index in range(len(frames))]
        for atoms in images:
            spread_over_atoms(atoms)
        with noticing(self._read):
            found = self._batched.evaluate(images)
        return _checked(frames, found)


def _log(text: str) -> None:
    """A line in the log of the worker; the numbers are right all the same."""
    warnings.warn(text, RuntimeWarning, stacklevel=2)


def _checked(frames: Frames, found: Found) -> Predictions:
    """Predictions of a batch, each array of the shape that it must have.

    Raises
    ------
    ValueError
        The package has dropped a frame, or gave something of another shape.
    """
    n_frames, sizes = len(frames), frames.n_atoms.tolist()
    shapes = [np.shape(one) for one in found.forces]
    lengths = {len(found.energy), len(found.forces)} | (
        set() if found.stress is None else {len(found.stress)}
    )
    if lengths != {n_frames} or shapes != [(n, 3) for n in sizes]:
        msg = f"{n_frames} frames went into the batch, forces of the shapes {shapes} came back"
        raise ValueError(msg)
    energy = np.asarray(found.energy, dtype=float).reshape(n_frames)
    forces = np.concatenate([np.asarray(one, dtype=float) for one in found.forces])
    stress = None
    if found.stress is not None:
        stress = np.array([_voigt(one) for one in found.stress])
        # As everywhere: a frame that is not periodic in all directions has none.
        stress[~frames.pbc.all(axis=1)] = np.nan
    return Predictions(energy, forces, stress)


def _voigt(stress: FloatArray) -> FloatArray:
    value = np.asarray(stress, dtype=float)
    return to_voigt(value) if value.shape == (3, 3) else value.reshape(6)


def _joined(parts: list[Predictions]) -> Predictions:
    if len({part.stress is None for part in parts}) > 1:
        msg = "the framework gave a stress for some of the frames only"
        raise PredictionError(msg)
    return Predictions.concatenate(parts)
