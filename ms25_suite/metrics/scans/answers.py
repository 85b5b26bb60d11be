"""Predictions for structures that a potential may never have seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ms25_suite.core.errors import NotFiniteError, PredictionError
from ms25_suite.core.frames import BoolArray, FloatArray, Frames
from ms25_suite.metrics.finite import Predict, predict_finite

__all__ = ["Answers", "ask"]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a potential said to some frames.

    Parameters
    ----------
    energy, forces
        In eV, shape ``(n_frames,)``, and eV/Å, shape ``(n_atoms, 3)``; NaN where there is none.
    known
        Whether there is one, shape ``(n_frames,)``.
    problem
        Why there is none for the first frame without; empty if all are known.
    """

    energy: FloatArray
    forces: FloatArray
    known: BoolArray
    problem: str = ""


def ask(predict: Predict, frames: Frames) -> Answers:
    """Predict all frames; an error of the potential, or NaN, is an answer too.

    Raises
    ------
    Ms25Error
        Any other error than one of the potential at these frames, as of a worker that died.
    """
    try:
        found, known = predict_finite(predict, frames)
    except NotFiniteError:
        raise
    except PredictionError as error:
        # After an error nothing is known of the other frames of the batch.
        nothing = np.zeros(len(frames), dtype=np.bool_)
        empty = np.full(len(frames), np.nan), np.full((len(frames.numbers), 3), np.nan)
        frame = error.frames[0] if error.frames else 0
        return Answers(*empty, nothing, f"{_names(frames, frame)}: {_last_line(error)}")
    assert found.energy is not None
    assert found.forces is not None
    sound = np.isfinite(found.forces).all(axis=1)
    # Of each frame all atoms; a frame has at least one.
    known = known & np.isfinite(found.energy)
    known &= np.logical_and.reduceat(sound, np.asarray(frames.offsets[:-1], dtype=np.int64))
    problem = ""
    if not known.all():
        frame = int(np.argmin(known))
        problem = f"{_names(frames, frame)}: an energy or a force that is not finite"
    return Answers(found.energy, found.forces, known, problem)


def _names(frames: Frames, frame: int) -> str:
    atoms = frames.atoms(frame)
    text = f"{atoms.get_chemical_formula()} ({len(atoms)} atoms"
    if len(atoms) == 2:
        text += f", {np.linalg.norm(atoms.positions[1] - atoms.positions[0]):.2f} Å apart"
    return text + ")"


def _last_line(error: PredictionError) -> str:
    """What was raised, without the traceback of a user's calculator."""
    lines = [line.strip() for line in error.args[0].splitlines() if line.strip()]
    return lines[-1] if len(lines) == 1 else f"{lines[0].rstrip(':')}: {lines[-1]}"
