"""Pairs in vacuum pulled apart through the cutoff, and test frames of which all atoms move."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.core.errors import NotApplicableError, ReferenceCalculatorError
from ms25_suite.core.frames import FloatArray
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.held_out import unseen_set
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.dynamics.breaks import shortest_distances
from ms25_suite.metrics.rounding import TERMS
from ms25_suite.metrics.scans.answers import Answers, ask
from ms25_suite.metrics.scans.approach import REACH_A
from ms25_suite.metrics.scans.dimers import Pair, dimer_frames, pair_name, pull
from ms25_suite.metrics.scans.lines import (
    MARGIN,
    energy_steps,
    force_jumps,
    line_frames,
    random_directions,
)
from ms25_suite.potentials.potential import Potential

__all__ = ["Line", "SmoothnessScan", "not_asked", "scan_smoothness"]

STEP_A: Final = 0.01
"""Step of a line in Å: what an atom moves in a time step of molecular dynamics. In 1 fs at 300 K
that is 0.007 Å for oxygen and 0.003 Å for copper (square root of 3 k T / m), at 1200 K twice that."""

COARSE_A: Final = 0.053
"""First step along a dimer in Å; where it shows something, `STEP_A` follows. No round number, so
that a wave of the energy does not hide between the points."""

PLACES: Final = 26
"""Points of a line through a frame: 21 steps that are looked at, in which each atom meets the
cutoff with about four others (22 atoms lie in a shell of 1 Å at 5 Å)."""

MOST_FRAMES: Final = 4
MOST_ATOMS: Final = 120
"""Frames that are moved, and atoms in all of them; one frame is always moved."""

LOOKED_AT: Final = 20
"""Test frames in which the shortest distance of each pair of elements is looked for."""

FARTHEST_A: Final = 10.0
"""End of the lines of dimers in Å where no cutoff is known."""

BEYOND_A: Final = 0.4
"""How far a line goes beyond a known cutoff in Å."""

MOST_PAIRS: Final = 66
"""Pairs of elements that are pulled apart: those of eleven elements."""

START: Final = 1.3
"""Lines of dimers start at this part of the shortest distance of the pair in the test frames. What
is closer is curved the most, and is seen where the frames themselves are moved."""

REFINED: Final = 4
"""Steps of each coarse line that are looked at again, for energy and force each."""

NOTHING_EV: Final = 1e-4
NOTHING_EV_A: Final = 5e-4
"""Energy and force in a coarse step that are not looked at again: a tenth of the thresholds."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """What is not continuous along one line, in steps of `STEP_A` where it matters.

    Parameters
    ----------
    name
        What was moved.
    places
        Middle of each step in Å, shape ``(n_steps,)``.
    energy
        Energy that the force does not account for in each step in eV, same shape.
    force
        Force that the steps beside it do not foretell, in eV/Å, same shape.
    rounding
        Rounding error of an energy in eV.
    """

    name: str
    places: FloatArray
    energy: FloatArray
    force: FloatArray
    rounding: float


@dataclass(frozen=True, slots=True, eq=False)
class SmoothnessScan:
    """All lines of a potential on a dataset.

    Parameters
    ----------
    lines
        The lines.
    problem
        Why the potential did not answer somewhere; empty if it did.
    remark
        What else a reader should know.
    duration_s
        Wall time in seconds.
    """

    lines: tuple[Line, ...]
    problem: str = ""
    remark: str = ""
    duration_s: float = 0.0


def not_asked(case: Case) -> NotAsked | None:
    """Left out for the baseline, which does not depend on positions."""
    if case.subject.kind == "baseline":
        return NotAsked("the baseline does not depend on the positions of atoms")
    return None


@dataclass(slots=True)
class _Scan:
    """Lines found so far, and why others are missing."""

    lines: list[Line] = field(default_factory=list)
    problem: str = ""
    remarks: list[str] = field(default_factory=list)

    def take(self, answers: Answers) -> bool:
        """Whether there are numbers for all points; keeps the first problem."""
        self.problem = self.problem or answers.problem
        return not answers.problem


def scan_smoothness(potential: Potential, dataset: Dataset, *, seed: int) -> SmoothnessScan:
    """Move all atoms of a few test frames, and pull pairs of their elements apart in vacuum.

    Parameters
    ----------
    potential
        The potential.
    dataset
        The dataset.
    seed
        Seed of the directions in which atoms move.

    Raises
    ------
    NotApplicableError
        The reference refuses all lines.
    PotentialError
        A worker died or did not answer. An error of the potential at some structure, or NaN, is
        kept as a problem.
    """
    start = time.perf_counter()
    scan = _Scan()
    test = dataset.splits.test(set=unseen_set(potential, dataset))
    chosen = test[np.linspace(0, len(test) - 1, min(LOOKED_AT, len(test))).astype(int)]
    chosen = chosen[np.argsort(dataset.frames.n_atoms[chosen], kind="stable")]
    # Of a calculator the precision is not known: the wider one.
    known = potential.architecture not in ("ase", "reference")
    digits = TERMS * float(np.finfo(potential.options.dtype if known else "float32").eps)
    _move_frames(scan, potential, dataset, chosen, seed, digits)
    _pull_dimers(scan, potential, dataset, chosen, digits)
    if not scan.lines and not scan.problem:
        raise NotApplicableError("; ".join(scan.remarks) or "no atoms are neighbours")
    duration = time.perf_counter() - start
    return SmoothnessScan(tuple(scan.lines), scan.problem, "; ".join(scan.remarks), duration)


def _move_frames(
    scan: _Scan,
    potential: Potential,
    dataset: Dataset,
    chosen: np.ndarray,  # type: ignore[type-arg]
    seed: int,
    digits: float,
) -> None:
    count = max(1, min(MOST_FRAMES, MOST_ATOMS // int(dataset.frames.n_atoms[chosen[0]])))
    places = STEP_A * np.arange(PLACES)
    for index in chosen[:count]:
        frame = dataset.frames.select([index])
        directions = random_directions(len(frame.numbers), seed + int(index))
        answers = ask(potential.predict, line_frames(frame, directions, places))
        if not scan.take(answers):
            return
        forces = answers.forces.reshape(PLACES, -1, 3)
        pulls = np.einsum("pai,ai->p", forces, directions)
        scan.lines.append(
            Line(
                f"frame {index}",
                _middles(places),
                energy_steps(answers.energy, pulls, STEP_A),
                force_jumps(forces),
                digits * float(np.abs(answers.energy).max()),
            )
        )


def _pull_dimers(
    scan: _Scan,
    potential: Potential,
    dataset: Dataset,
    chosen: np.ndarray,  # type: ignore[type-arg]
    digits: float,
) -> None:
    frames = dataset.frames.select(chosen)
    nearest = shortest_distances(frames, REACH_A)
    like = frames.select(
        [int(np.argmax([len(frames.select([i]).elements) for i in range(len(frames))]))]
    )
    pairs = [pair for pair in nearest if set(pair) <= set(like.elements)]
    pairs = sorted(pairs, key=lambda pair: nearest[pair])[:MOST_PAIRS]
    reach = potential.info().r_max
    end = FARTHEST_A if reach is None else reach + BEYOND_A
    grids = [np.arange(min(START * nearest[pair], end - 1.0), end, COARSE_A) for pair in pairs]
    reference = potential.architecture == "reference"
    parts = [[n] for n in range(len(pairs))] if reference else [list(range(len(pairs)))]
    for part in parts if pairs else ():
        own, places = [pairs[n] for n in part], [grids[n] for n in part]
        try:
            coarse = _lines(scan, potential, own, places, COARSE_A, like, digits)
            fine = _fine_places(own, coarse)
            again = _lines(
                scan, potential, [p for p, _ in fine], [x for _, x in fine], STEP_A, like, digits
            )
        except ReferenceCalculatorError:
            if not reference:
                raise
            # A reference is no potential: it may refuse what is no structure of its data.
            scan.remarks.append(f"the reference refuses {', '.join(map(pair_name, own))}")
            continue
        for line in coarse:
            # What was looked at again counts in small steps.
            redone = [other for other in again if other.name == line.name]
            scan.lines.append(_merged(line, redone))


def _lines(
    scan: _Scan,
    potential: Potential,
    pairs: Sequence[Pair],
    places: Sequence[FloatArray],
    step: float,
    like: object,
    digits: float,
) -> list[Line]:
    if not pairs:
        return []
    answers = ask(potential.predict, dimer_frames(pairs, places, like))  # type: ignore[arg-type]
    if not scan.take(answers):
        return []
    lines, first = [], 0
    for pair, distances in zip(pairs, places, strict=True):
        part = slice(first, first + len(distances))
        first = part.stop
        energies = answers.energy[part]
        forces = answers.forces[2 * part.start : 2 * part.stop]
        lines.append(
            Line(
                pair_name(pair),
                _middles(distances),
                energy_steps(energies, pull(forces), step),
                force_jumps(forces.reshape(-1, 2, 3)),
                digits * float(np.abs(energies).max()),
            )
        )
    return lines


def _middles(places: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (places[MARGIN : -MARGIN - 1] + places[MARGIN + 1 : -MARGIN]))


def _fine_places(pairs: Sequence[Pair], lines: Sequence[Line]) -> list[tuple[Pair, FloatArray]]:
    """Small steps over the coarse ones that show most, for each pair."""
    half = 0.5 * COARSE_A + (MARGIN + 1) * STEP_A
    found = []
    for pair, line in zip(pairs, lines, strict=False):
        worst = {
            int(step)
            for sizes, nothing in ((np.abs(line.energy), NOTHING_EV), (line.force, NOTHING_EV_A))
            for step in np.argsort(sizes)[-REFINED:]
            if sizes[step] > nothing
        }
        found += [
            (pair, np.arange(line.places[step] - half, line.places[step] + half, STEP_A))
            for step in sorted(worst)
        ]
    return found


def _merged(coarse: Line, fine: Sequence[Line]) -> Line:
    """The small steps of a line in place of the coarse ones, which overstate what is curved."""
    if not fine:
        return coarse
    places = np.concatenate([line.places for line in fine])
    order = np.argsort(places)
    return Line(
        coarse.name,
        places[order],
        np.concatenate([line.energy for line in fine])[order],
        np.concatenate([line.force for line in fine])[order],
        coarse.rounding,
    )
