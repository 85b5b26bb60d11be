"""What a potential is asked about some frames, in one batch, and its answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from ms25_suite.core.errors import PredictionError, ReferenceCalculatorError, WorkerDiedError
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.metrics.consistency.copies import Copy, compare_copy, equivalent_copies
from ms25_suite.metrics.consistency.slopes import (
    Bundle,
    displacements,
    sides,
    steps_for,
    strain_paths,
)
from ms25_suite.metrics.finite import energies_and_forces
from ms25_suite.potentials.potential import Potential

__all__ = ["Asked", "ask", "together"]

_BROKEN: Final = (PredictionError, ReferenceCalculatorError, WorkerDiedError)
"""What may happen for one description of a structure only, and soon."""

Sides = tuple[tuple[Predictions, Predictions], ...]
"""Predictions at both ends of each path."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One frame, what is asked about it, and what the potential answered.

    Parameters
    ----------
    index
        Where the frame is in the dataset.
    frame
        The frame, without symmetry.
    plan
        Its copies.
    moves, strains
        Paths along displacements and along strains; None where there are none.
    original
        Predictions for the frame.
    copies
        Copies with the predictions for them.
    displaced, strained
        Predictions at both ends of all paths.
    problems
        Why the potential gave no answer about a law, by law.
    """

    index: int
    frame: Frames
    plan: tuple[Copy, ...]
    moves: Bundle
    strains: Bundle | None
    original: Predictions = field(default_factory=Predictions)
    copies: tuple[tuple[Copy, Predictions], ...] = ()
    displaced: Sides = ()
    strained: Sides = ()
    problems: dict[str, str] = field(default_factory=dict)

    def rounding(self, dtype: str) -> float:
        """Rounding error of an energy in eV: that of the type, and what the copies show.

        Parameters
        ----------
        dtype
            Floating-point type of the potential; empty if it is not known. Energies that are all
            numbers of single precision are then taken for such.
        """
        energy = abs(float(energies_and_forces(self.original)[0][0]))
        ends = [end for pair in (*self.displaced, *self.strained) for end in pair]
        if not dtype:
            energies = np.array([energies_and_forces(end)[0][0] for end in ends])
            single = np.array_equal(energies.astype(np.float32).astype(np.float64), energies)
            dtype = "float32" if single else "float64"
        # Energies of copies are equal but for rounding. The median leaves out laws that are broken.
        scatter = [
            compare_copy(copy, self.original, found).energy * len(self.frame.numbers)
            for copy, found in self.copies
        ]
        # A rounded number is off by the step between numbers over √12, and there are two ends.
        known = float(np.spacing(np.dtype(dtype).type(energy))) / np.sqrt(6.0)
        return max(float(known), float(np.median(scatter)) if scatter else 0.0)

    def questions(self) -> dict[str, list[Frames]]:
        """Single frames by the law that they are about; the frame itself under an empty name.

        The copy that is asked for determinism comes last.
        """
        found: dict[str, list[Frames]] = {"": [self.frame]}
        found["forces_from_energy"] = _ends(self.frame, self.moves)
        if self.strains is not None:
            found["stress_from_energy"] = _ends(self.frame, self.strains)
        for copy in self.plan:
            found.setdefault(copy.law, []).append(copy.frame)
        return found

    def answered(self, answers: dict[str, list[Predictions]], problems: dict[str, str]) -> Asked:
        """The same with answers to `questions`, without those of laws that have a problem."""
        by_law = {law: iter(found) for law, found in answers.items()}
        copies = [(copy, next(by_law[copy.law])) for copy in self.plan if copy.law in by_law]
        return replace(
            self,
            original=answers[""][0],
            copies=tuple(copies),
            displaced=_pairs(answers.get("forces_from_energy", [])),
            strained=_pairs(answers.get("stress_from_energy", [])),
            problems=problems,
        )


def ask(
    index: int,
    frame: Frames,
    elements: Sequence[int],
    rng: np.random.Generator,
    *,
    dtype: str,
    strained: bool,
) -> Asked:
    """What is asked about one frame.

    Parameters
    ----------
    index
        Where the frame is in the dataset.
    frame
        Exactly one frame.
    elements
        Atomic numbers of the atoms that are displaced.
    rng
        Random numbers.
    dtype
        Floating-point type of the potential.
    strained
        Whether the stress is asked for too.
    """
    displacement, strain = steps_for(dtype)
    moves = Bundle.of(displacements(frame, elements, rng, displacement), rng)
    strains = Bundle.of(strain_paths(frame, strain), rng) if strained else None
    return Asked(index, frame, tuple(equivalent_copies(frame, rng)), moves, strains)


def together(potential: Potential, questions: Sequence[Asked]) -> list[Asked]:
    """Ask all questions in one batch; if the potential breaks, law by law.

    Raises
    ------
    PotentialError
        It cannot predict the frames themselves, or it hangs.
    """
    plans = [one.questions() for one in questions]
    everything = [frame for plan in plans for group in plan.values() for frame in group]
    try:
        answers = iter(_predict(potential, everything))
    except _BROKEN:
        return [_one_by_one(potential, one) for one in questions]
    return [
        one.answered({law: [next(answers) for _ in group] for law, group in plan.items()}, {})
        for one, plan in zip(questions, plans, strict=True)
    ]


def _one_by_one(potential: Potential, one: Asked) -> Asked:
    """Find out which law a potential breaks at; only the frame itself must be predicted."""
    plan = one.questions()
    answers = {"": _predict(potential, plan.pop(""))}
    problems = {}
    for law, group in plan.items():
        try:
            answers[law] = _predict(potential, group)
        except _BROKEN as error:
            problems[law] = str(error)
    return one.answered(answers, problems)


def _predict(potential: Potential, parts: Sequence[Frames]) -> list[Predictions]:
    frames = Frames.concatenate(parts)
    found = potential.predict(frames)
    return [found.select([index], frames.offsets) for index in range(len(frames))]


def _ends(frame: Frames, bundle: Bundle) -> list[Frames]:
    return [end for path in bundle.all_paths for end in sides(frame, path)]


def _pairs(found: Sequence[Predictions]) -> Sides:
    return tuple(zip(found[0::2], found[1::2], strict=True))
