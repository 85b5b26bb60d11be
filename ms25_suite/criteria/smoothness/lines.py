"""Pairs in vacuum pulled apart through the cutoff, and test frames of which all atoms move."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.core.errors import NotApplicableError, ReferenceCalculatorError
from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.criteria.case import Case
from ms25_suite.criteria.held_out import unseen_set
from ms25_suite.criteria.precision import dtype_of
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.dynamics.breaks import shortest_distances
from ms25_suite.metrics.rounding import TERMS
from ms25_suite.metrics.scans.answers import Answers, ask
from ms25_suite.metrics.scans.approach import REACH_A
from ms25_suite.metrics.scans.dimers import Pair, dimer_frames, pair_name, pull, richest_frame
from ms25_suite.metrics.scans.lines import (
    MARGIN,
    energy_steps,
    force_jumps,
    line_frames,
    random_directions,
)
from ms25_suite.potentials.potential import Potential

__all__ = ["Line", "SmoothnessScan", "Steps", "not_asked", "scan_smoothness"]

STEP_A: Final = 0.01
"""First step of a line through a frame in Å: what an atom moves in a time step of 1 fs. At 300 K
that is 0.007 Å for oxygen and 0.003 Å for copper (square root of 3 k T / m), at 1200 K twice."""

DIMER_STEP_A: Final = 0.053
"""First step along a dimer in Å. No round number, so that a wave of the energy does not hide
between the points."""

FINER: Final = 10
LEVELS: Final = 2
"""The steps that show most are divided, twice by ten: what is curved then almost vanishes, and what
jumps is left as it is."""

REFINED: Final = 2
"""Steps of a dimer's line that are divided, for energy and for force; of a frame's line it is one,
since each point costs as much as a test frame."""

NOTHING_EV: Final = 1e-4
NOTHING_EV_A: Final = 5e-4
"""Energy and force in a step that is not divided: a tenth of the thresholds."""

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

START: Final = 1.3
"""Lines of dimers start at this multiple of the shortest distance of the pair in the test frames.
What is closer is curved the most, and is seen where the frames themselves are moved."""

MOST_PAIRS: Final = 66
"""Pairs of elements that are pulled apart: those of eleven elements."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Consecutive steps of a line.

    Parameters
    ----------
    places
        Middle of each step in Å, shape ``(n_steps,)``.
    energy
        Energy that the force does not account for in each step in eV, same shape.
    force
        Force that the steps beside it do not foretell, in eV/Å, same shape.
    """

    places: FloatArray
    energy: FloatArray
    force: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """What is not continuous along one line.

    Parameters
    ----------
    name
        What was moved.
    n_atoms
        Number of atoms.
    whole
        The whole line, in its first steps.
    energy, force
        The parts of it in the smallest steps that were made, where most energy, or force, is not
        accounted for; the whole line if nothing had to be divided.
    rounding
        Rounding error of an energy in eV.
    """

    name: str
    n_atoms: int
    whole: Steps
    energy: Steps
    force: Steps
    rounding: float


@dataclass(frozen=True, slots=True, eq=False)
class SmoothnessScan:
    """All lines of a potential on a dataset.

    Parameters
    ----------
    frames, dimers
        Lines through frames, and along dimers.
    problem
        Why the potential did not answer somewhere; empty if it did.
    remark
        What else a reader should know.
    duration_s
        Wall time in seconds.
    """

    frames: tuple[Line, ...]
    dimers: tuple[Line, ...]
    problem: str = ""
    remark: str = ""
    duration_s: float = 0.0


Walk = tuple[int, FloatArray]
"""Which line, and points of it in Å at even steps."""

Evaluate = Callable[[Sequence[Walk]], tuple[list[Steps], list[float]]]
"""Steps of each walk, and its largest energy in eV."""


class _NoAnswerError(Exception):
    """The potential raised, or gave numbers that are not finite; the text says where."""


def not_asked(case: Case) -> NotAsked | None:
    """Left out for the baseline, which ignores positions, and for references with known jumps."""
    if case.subject.kind == "baseline":
        return NotAsked("the baseline does not depend on the positions of atoms")
    jumps = case.dataset.card.reference_not_smooth
    if case.subject.kind == "reference" and jumps:
        return NotAsked(f"the reference of {case.dataset.name} is not smooth: {jumps}")
    return None


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
    test = dataset.splits.test(set=unseen_set(potential, dataset))
    chosen = test[np.linspace(0, len(test) - 1, min(LOOKED_AT, len(test))).astype(int)]
    chosen = chosen[np.argsort(dataset.frames.n_atoms[chosen], kind="stable")]
    frames: list[Line] = []
    dimers: list[Line] = []
    remarks: list[str] = []
    problem = ""
    try:
        frames = _through_frames(potential, dataset, chosen, seed)
        dimers = _along_dimers(potential, dataset, chosen, remarks)
    except _NoAnswerError as error:
        problem = str(error)
    if not frames and not problem:
        raise NotApplicableError("; ".join(remarks) or "the reference refuses all lines")
    duration = time.perf_counter() - start
    return SmoothnessScan(tuple(frames), tuple(dimers), problem, "; ".join(remarks), duration)


def _through_frames(
    potential: Potential, dataset: Dataset, chosen: IntArray, seed: int
) -> list[Line]:
    count = max(1, min(MOST_FRAMES, MOST_ATOMS // int(dataset.frames.n_atoms[chosen[0]])))
    indices = [int(index) for index in chosen[:count]]
    frames = [dataset.frames.select([index]) for index in indices]
    directions = [
        random_directions(len(frame.numbers), seed + index)
        for index, frame in zip(indices, frames, strict=True)
    ]

    def evaluate(walks: Sequence[Walk]) -> tuple[list[Steps], list[float]]:
        parts = [line_frames(frames[n], directions[n], places) for n, places in walks]
        found, largest = [], []
        for (n, places), part in zip(walks, parts, strict=True):
            answers = _answers(potential, part)
            forces = answers.forces.reshape(len(places), -1, 3)
            pulls = np.einsum("pai,ai->p", forces, directions[n])
            found.append(_steps(places, answers.energy, pulls, forces))
            largest.append(float(np.abs(answers.energy).max()))
        return found, largest

    # To both sides: far from where they were, atoms come closer than in any dynamics.
    places = np.asarray(STEP_A * (np.arange(PLACES) - 0.5 * (PLACES - 1)), dtype=np.float64)
    return _walked(
        evaluate,
        [f"frame {index}" for index in indices],
        [len(frame.numbers) for frame in frames],
        [places] * len(indices),
        refined=1,
        digits=_digits(potential),
    )


def _along_dimers(
    potential: Potential, dataset: Dataset, chosen: IntArray, remarks: list[str]
) -> list[Line]:
    frames = dataset.frames.select(chosen)
    nearest = shortest_distances(frames, REACH_A)
    like = frames.select([richest_frame(frames)])
    pairs = [pair for pair in nearest if set(pair) <= set(like.elements)]
    pairs = sorted(pairs, key=lambda pair: nearest[pair])[:MOST_PAIRS]
    reach = potential.info().r_max
    end = FARTHEST_A if reach is None else reach + BEYOND_A

    def walked(own: Sequence[Pair]) -> list[Line]:
        def evaluate(walks: Sequence[Walk]) -> tuple[list[Steps], list[float]]:
            kinds, places = [own[n] for n, _ in walks], [x for _, x in walks]
            answers = _answers(potential, dimer_frames(kinds, places, like))
            found, largest, first = [], [], 0
            for distances in places:
                rows = slice(first, first + len(distances))
                first = rows.stop
                energies = answers.energy[rows]
                forces = answers.forces[2 * rows.start : 2 * rows.stop]
                found.append(_steps(distances, energies, pull(forces), forces.reshape(-1, 2, 3)))
                largest.append(float(np.abs(energies).max()))
            return found, largest

        return _walked(
            evaluate,
            [pair_name(pair) for pair in own],
            [2] * len(own),
            [np.arange(min(START * nearest[p], end - 1.0), end, DIMER_STEP_A) for p in own],
            refined=REFINED,
            digits=_digits(potential),
        )

    if potential.architecture != "reference":
        return walked(pairs) if pairs else []
    lines = []
    for pair in pairs:
        try:
            lines += walked([pair])
        except ReferenceCalculatorError:
            # A reference is no potential: it may refuse what is no structure of its data, such as
            # charged pairs.
            remarks.append(f"the reference refuses {pair_name(pair)} in vacuum")
    return lines


def _walked(
    evaluate: Evaluate,
    names: Sequence[str],
    n_atoms: Sequence[int],
    places: Sequence[FloatArray],
    *,
    refined: int,
    digits: float,
) -> list[Line]:
    """Walk along lines, and again in smaller steps where they show most."""
    wholes, largest = evaluate(list(enumerate(places)))
    energies = {n: [steps] for n, steps in enumerate(wholes)}
    forces = {n: [steps] for n, steps in enumerate(wholes)}
    for _ in range(LEVELS):
        walks: list[Walk] = []
        kinds: list[str] = []
        for kind, lines in (("energy", energies), ("force", forces)):
            for n, parts in lines.items():
                new = [(n, points) for points in _divided(parts, kind, refined)]
                walks += new
                kinds += [kind] * len(new)
        if not walks:
            break
        found, _ = evaluate(walks)
        for kind, lines in (("energy", energies), ("force", forces)):
            for n in lines:
                finer = [
                    steps
                    for (line, _), one, steps in zip(walks, kinds, found, strict=True)
                    if line == n and one == kind
                ]
                lines[n] = finer or lines[n]
    return [
        Line(
            name,
            n_atoms[n],
            wholes[n],
            _joined(energies[n]),
            _joined(forces[n]),
            digits * largest[n],
        )
        for n, name in enumerate(names)
    ]


def _divided(parts: Sequence[Steps], kind: str, refined: int) -> list[FloatArray]:
    """Smaller steps over the steps that show most of an energy or a force."""
    nothing = NOTHING_EV if kind == "energy" else NOTHING_EV_A
    shown = [
        (float(size), float(place), float(part.places[1] - part.places[0]))
        for part in parts
        for size, place in zip(np.abs(getattr(part, kind)), part.places, strict=True)
        if abs(size) > nothing
    ]
    found: list[FloatArray] = []
    for _, place, step in sorted(shown, reverse=True)[:refined]:
        fine = step / FINER
        # The whole step, with a margin on either side.
        count = FINER + 2 * (MARGIN + 1)
        points = place + fine * (np.arange(count + 1) - 0.5 * count)
        found.append(np.asarray(points, dtype=np.float64))
    return found


def _steps(
    places: FloatArray, energies: FloatArray, pulls: FloatArray, forces: FloatArray
) -> Steps:
    step = float(places[1] - places[0])
    middles = 0.5 * (places[MARGIN : -MARGIN - 1] + places[MARGIN + 1 : -MARGIN])
    return Steps(middles, energy_steps(energies, pulls, step), force_jumps(forces))


def _joined(parts: Sequence[Steps]) -> Steps:
    return Steps(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Steps)))


def _answers(potential: Potential, frames: Frames) -> Answers:
    answers = ask(potential.predict, frames)
    if answers.problem:
        raise _NoAnswerError(answers.problem)
    return answers


def _digits(potential: Potential) -> float:
    """Relative rounding error; that of float32 for a calculator, whose precision is not known."""
    return TERMS * float(np.finfo(dtype_of(potential)).eps)
