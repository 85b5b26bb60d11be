"""The energy error of a potential on the test frames, split into terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.errors import NotApplicableError
from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.core.thresholds import MIN_FRAMES
from ms25_suite.core.units import MEV_PER_EV
from ms25_suite.criteria.comparison import ComparedFrames
from ms25_suite.criteria.energy_decomposition.details import KEY, TermDetails, TermsDetails
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.metrics.conventions.offsets import fractions_of
from ms25_suite.metrics.decomposition.terms import (
    REST,
    Decomposition,
    Term,
    cancellation,
    decompose,
)
from ms25_suite.metrics.errors import components
from ms25_suite.metrics.intervals import Statistic

__all__ = ["EnergyTerms", "measure_terms"]

FRAMES_PER_PARAMETER: Final = 5
"""Fewest frames for each parameter of the fit: with fewer, a term explains mostly chance."""

MOST_GROUPS: Final = 20
"""Largest compositions, and kinds, that get a constant of their own."""

_SAME_VOLUME: Final = 1e-4
"""Relative spread of the volumes of atoms below which all frames have one volume."""

_WORDS: Final = {
    "constant": "a constant for each atom",
    "element": "a constant for each element, beyond that for each atom",
    "volume": "a term linear in the volume: a pressure",
    "kind": "a constant for each config_type or composition",
    REST: "what none of these explains: the structure",
}


@dataclass(frozen=True, slots=True, eq=False)
class EnergyTerms:
    """Terms of an energy error.

    Parameters
    ----------
    found
        The terms.
    mean
        Mean error in eV/atom, predicted minus reference.
    differences
        Error of energy differences between frames of one composition, in eV/atom, and its ratio to
        that of independent errors; None without two such frames.
    without
        Why terms are missing.
    n_frames
        Number of frames.
    """

    found: Decomposition
    mean: float
    differences: tuple[Statistic, Statistic] | None
    without: tuple[str, ...]
    n_frames: int

    def record(self, recorder: CheckRecorder) -> None:
        """Record the terms; none of them has a threshold, unless the user sets one."""
        systematic = self.found.systematic.times(100.0)
        details = TermsDetails(tuple(map(_described, self.found.terms)), self.without)
        recorder.judge(
            "systematic",
            value=systematic.value,
            interval=systematic.interval,
            n_frames=self.n_frames,
            reason="; ".join(self.without),
            details={KEY: details.to_dict()},
        )
        for term in self.found.terms:
            if term.n_parameters == 0 and term.name != REST:
                continue
            shown = term.size.times(MEV_PER_EV)
            share = f"{100 * term.share.value:.3g} % of the mean square error"
            sign = ""
            if term.name == "constant":
                sign = f"; mean error {MEV_PER_EV * self.mean:+.4g} meV/atom"
            recorder.judge(
                term.name,
                value=shown.value,
                interval=shown.interval,
                n_frames=self.n_frames,
                reason=f"{_WORDS[term.name]}: {share}{sign}",
            )
        if self.found.slope is not None:
            slope = self.found.slope.times(MEV_PER_EV)
            recorder.judge(
                "pressure",
                value=slope.value,
                interval=slope.interval,
                n_frames=self.n_frames,
                reason="error of the stress that the energies imply, tension positive",
            )
        if self.differences is not None:
            error, ratio = self.differences
            shown = error.times(MEV_PER_EV)
            recorder.judge(
                "differences",
                value=shown.value,
                interval=shown.interval,
                n_frames=self.n_frames,
                reason="of the energies of two frames of one composition, as in a reaction",
            )
            recorder.judge(
                "cancellation",
                value=ratio.value,
                interval=ratio.interval,
                n_frames=self.n_frames,
                reason="1: the errors of two frames are independent; 0: they cancel",
            )


def measure_terms(compared: ComparedFrames, *, seed: int) -> EnergyTerms:
    """Split the energy error of a potential, as it is predicted.

    Parameters
    ----------
    compared
        Test frames with labels and predictions; aligned energies are taken with their constants.
    seed
        Seed of the bootstrap.

    Raises
    ------
    NotApplicableError
        Labels or predictions have no energies, there are too few frames, or there is no error.
    """
    plain = compared.as_predicted()
    found = components("energy", plain.frames, plain.labels, plain.predictions)
    if found is None:
        raise plain.missing("energy")
    reference, predicted, used = found
    errors = predicted - reference
    n = len(errors)
    if n < MIN_FRAMES:
        msg = f"{n} frames with an energy are too few to split their error: expected {MIN_FRAMES}"
        raise NotApplicableError(msg)
    if not errors.any():
        msg = "there is no energy error to split: the predictions are the labels"
        raise NotApplicableError(msg)
    frames = plain.frames.select(used)
    kinds = None if plain.config_types is None else plain.config_types[used]
    groups = _compositions(frames)
    terms, without = _terms(frames, kinds, groups)
    decomposition = decompose(errors, terms, slope_of="volume", seed=seed)
    return EnergyTerms(
        decomposition,
        float(errors.mean()),
        cancellation(errors, groups, seed=seed),
        tuple(without),
        n,
    )


def _terms(
    frames: Frames, kinds: np.ndarray[tuple[int], np.dtype[np.str_]] | None, groups: IntArray
) -> tuple[dict[str, FloatArray], list[str]]:
    """Columns of each term that the frames can determine, and why others are missing."""
    n, without = len(frames), []
    terms = {"constant": np.ones((n, 1))}

    def add(name: str, columns: FloatArray, nothing: str) -> None:
        rank = np.linalg.matrix_rank(np.column_stack([*terms.values(), columns]))
        before = np.linalg.matrix_rank(np.column_stack([*terms.values()]))
        if rank == before:
            without.append(nothing)
        elif n < FRAMES_PER_PARAMETER * rank:
            without.append(f"{name}: {rank} parameters need {FRAMES_PER_PARAMETER * rank} frames")
        else:
            terms[name] = columns

    add("element", fractions_of(frames), "element: the frames have one composition")
    periodic = frames.pbc.all(axis=1).all() and (frames.volumes > 0).all()
    volumes = frames.volumes / frames.n_atoms if periodic else np.zeros(n)
    if periodic and volumes.std() > _SAME_VOLUME * volumes.mean():
        # Around their mean, which keeps the columns of one size.
        scaled = (volumes - volumes.mean())[:, None]
        add("volume", scaled, "volume: it follows from the composition")
    else:
        what = "the frames have one volume" if periodic else "not all frames have a volume"
        without.append(f"volume: {what}")
    columns = [_indicators(groups)]
    if kinds is not None:
        columns.append(_indicators(np.unique(kinds, return_inverse=True)[1]))
    add("kind", np.column_stack(columns), "kind: no config_type or composition with frames enough")
    return terms, without


def _indicators(groups: IntArray) -> FloatArray:
    """A column for each of the largest groups of enough frames, shape ``(n_frames, n_groups)``."""
    names, counts = np.unique(groups, return_counts=True)
    largest = np.argsort(-counts, kind="stable")[:MOST_GROUPS]
    large = names[largest[counts[largest] >= MIN_FRAMES]]
    return np.asarray(groups[:, None] == large, dtype=np.float64)


def _compositions(frames: Frames) -> IntArray:
    """Number of the composition of each frame: the same atoms, in the same numbers."""
    counts = np.rint(fractions_of(frames) * frames.n_atoms[:, None]).astype(np.int64)
    return np.asarray(np.unique(counts, axis=0, return_inverse=True)[1]).reshape(-1)


def _described(term: Term) -> TermDetails:
    size, share = term.size.times(MEV_PER_EV), term.share.times(100.0)
    return TermDetails(
        term.name, term.n_parameters, size.value, size.interval, share.value, share.interval
    )
