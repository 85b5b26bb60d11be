"""How far a potential is from the laws that every potential obeys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from ms25_suite.core.errors import NotApplicableError
from ms25_suite.core.fields import Quantity
from ms25_suite.core.frames import FloatArray, Predictions
from ms25_suite.core.thresholds import Threshold
from ms25_suite.core.units import MEV_PER_EV, QUANTITY_UNITS, TOLERANCE_UNIT
from ms25_suite.criteria.consistency import DERIVATIVES
from ms25_suite.criteria.consistency.asked import Asked, ask, together
from ms25_suite.criteria.consistency.details import KEY, Compared, ConsistencyDetails
from ms25_suite.criteria.consistency.frames import choose_frames, without_symmetry
from ms25_suite.criteria.precision import dtype_of, is_foreign
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.agreement import agreement_tolerances
from ms25_suite.metrics.consistency.copies import compare_copy, directed_inputs
from ms25_suite.metrics.consistency.slopes import Slope, slopes
from ms25_suite.metrics.consistency.sums import net_force, net_torque
from ms25_suite.metrics.finite import energies_and_forces
from ms25_suite.potentials.potential import Potential

__all__ = ["Consistency", "LawResult", "measure_consistency", "measure_law"]

MARK: Final = Threshold(
    1.0,
    TOLERANCE_UNIT,
    "error",
    "ms25-suite: equal up to rounding in {dtype}, 1e-6 eV/atom, 1e-5 eV/Å and 1e-6 eV/Å^3 plus 16 "
    "units in the last place of the energy per atom, of 100 eV/Å and of 20 eV/Å^3",
)


@dataclass(frozen=True, slots=True, eq=False)
class LawResult:
    """One law, and how far it is broken.

    Parameters
    ----------
    law
        Quantity of the criterion.
    value, interval
        Largest difference in the unit of the quantity; its numerical error where it has one.
    mark
        Threshold where none is set for the quantity; None: thresholds come from files only.
    compared
        The numbers behind it.
    n_frames
        Number of frames.
    problem
        Why there is no number, if the potential broke; else empty.
    """

    law: str
    value: float
    interval: tuple[float, float] | None
    mark: Threshold | None
    compared: tuple[Compared, ...]
    n_frames: int
    problem: str = ""

    def record(self, recorder: CheckRecorder) -> None:
        """Record the difference with its verdict, or why there is none."""
        if self.problem:
            recorder.fail(self.law, self.problem)
            return
        mark = recorder.threshold(self.law) or self.mark
        worst = max(self.compared, key=lambda one: one.value / self._scale(one))
        shown = (
            f"largest for frame {worst.frame}, {worst.what}: {worst.value:.3g} {worst.unit} "
            f"({worst.quantity})"
        )
        if self.law in DERIVATIVES:
            shown += f", numerical error {worst.allowed:.2g} {worst.unit}"
        recorder.judge(
            self.law,
            value=self.value,
            interval=self.interval,
            mark=self.mark,
            n_frames=self.n_frames,
            reason=shown if mark is not None and self._highest > mark.value else "",
            details={KEY: ConsistencyDetails(self.compared).to_dict()},
        )

    @property
    def _highest(self) -> float:
        return self.value if self.interval is None else self.interval[1]

    def _scale(self, one: Compared) -> float:
        # Slopes are compared with each other, all else with rounding.
        return 1.0 if self.law in DERIVATIVES else one.allowed


@dataclass(frozen=True, slots=True, eq=False)
class Consistency:
    """All answers of a potential, one entry for each frame that was asked about.

    Parameters
    ----------
    asked
        What was asked, and the answers.
    tolerances
        What rounding explains, in eV/atom, eV/Å and eV/Å^3.
    dtype
        Floating-point type that is assumed for the tolerances.
    states_dtype
        Whether the potential states its precision.
    """

    asked: tuple[Asked, ...]
    tolerances: dict[Quantity, float]
    dtype: str
    states_dtype: bool

    @property
    def responds(self) -> bool:
        """Whether there is any force."""
        return any(np.any(one.original.forces) for one in self.asked)


def measure_consistency(potential: Potential, dataset: Dataset, *, seed: int) -> Consistency:
    """Ask a potential about some frames and all their copies, in one batch.

    Parameters
    ----------
    potential
        The potential.
    dataset
        The dataset whose test frames are used.
    seed
        Seed of displacements, rotations and the like.

    Raises
    ------
    PotentialError
        The potential cannot predict the frames themselves.
    """
    rng = np.random.default_rng(seed)
    # For float32, and an unknown precision, longer steps and wider tolerances.
    dtype = dtype_of(potential)
    seen: set[int] = set()
    questions: list[Asked] = []
    for index in choose_frames(potential, dataset):
        frame = without_symmetry(dataset.frames.select([index]), rng)
        # Elements of earlier frames were displaced there.
        new = sorted(set(frame.elements) - seen) or [int(frame.numbers[0])]
        with_stress = not any(one.strains for one in questions) and bool(frame.pbc.all())
        questions.append(ask(int(index), frame, new, rng, dtype=dtype, strained=with_stress))
        seen |= set(new)
    answered = together(potential, questions)
    per_atom = max(
        abs(float(energies_and_forces(one.original)[0][0])) / len(one.frame.numbers)
        for one in answered
    )
    tolerances = agreement_tolerances(dtype, per_atom)
    return Consistency(
        tuple(answered),
        {quantity: tolerance.value for quantity, tolerance in tolerances.items()},
        dtype,
        not is_foreign(potential),
    )


def measure_law(found: Consistency, law: str) -> LawResult:
    """How far one law is broken.

    Parameters
    ----------
    found
        Answers of the potential.
    law
        A quantity of the criterion.

    Raises
    ------
    NotApplicableError
        None of the frames, or the potential, can be asked about it.
    """
    rows, problems = [], []
    measured = _MEASURED.get(law, partial(_equality, law=law))
    for one in found.asked:
        if law in one.problems:
            problems.append(f"frame {one.index}: {one.problems[law]}")
        else:
            rows += measured(found, one)
    n_frames = len({row.frame for row in rows})
    if problems:
        return LawResult(law, 0.0, None, None, (), n_frames, "; ".join(problems))
    if not rows:
        raise NotApplicableError(_why_not(found, law))
    compared = tuple(rows)
    if law in DERIVATIVES:
        value = max(row.value for row in rows)
        low = max(max(row.value - row.allowed, 0.0) for row in rows)
        high = max(row.value + row.allowed for row in rows)
        return LawResult(law, value, (low, high), None, compared, n_frames)
    value = max(row.value / row.allowed for row in rows)
    unknown = "" if found.states_dtype else " (the precision of a calculator is not known)"
    source = MARK.source.format(dtype=found.dtype + unknown)
    mark = Threshold(MARK.value, MARK.unit, MARK.metric, source)
    return LawResult(law, value, None, mark, compared, n_frames)


def _why_not(found: Consistency, law: str) -> str:
    if law == "stress_from_energy":
        if any(one.frame.pbc.all() for one in found.asked):
            return "the potential predicts no stress"
        return "no test frame is periodic in three directions: it has no stress"
    directed = {name for one in found.asked for name in directed_inputs(one.frame)}
    if law in ("rotation", "inversion") and directed:
        return f"the frames hold {', '.join(sorted(directed))}, which have a direction"
    return "no test frame can be asked about it"


def _equality(found: Consistency, one: Asked, law: str) -> list[Compared]:
    rows = []
    for copy, predictions in one.copies:
        if copy.law != law:
            continue
        errors = compare_copy(copy, one.original, predictions)
        values: dict[Quantity, float | None] = {
            "energy": errors.energy,
            "forces": errors.forces,
            "stress": errors.stress,
        }
        rows += [
            _row(found, one, copy.what, quantity, value)
            for quantity, value in values.items()
            if value is not None
        ]
    return rows


def _sum_law(
    found: Consistency, one: Asked, what: str, total: Callable[[FloatArray, FloatArray], float]
) -> list[Compared]:
    _, forces = energies_and_forces(one.original)
    return [_row(found, one, what, "forces", total(one.frame.positions, forces))]


def _net_force(found: Consistency, one: Asked) -> list[Compared]:
    return _sum_law(found, one, "sum of the forces", lambda _, forces: net_force(forces))


def _net_torque(found: Consistency, one: Asked) -> list[Compared]:
    if one.frame.pbc.any():
        return []
    return _sum_law(found, one, "sum of the torques", net_torque)


def _row(found: Consistency, one: Asked, what: str, quantity: Quantity, value: float) -> Compared:
    allowed = MEV_PER_EV * found.tolerances[quantity]
    unit = QUANTITY_UNITS[quantity]
    return Compared(one.index, what, quantity, MEV_PER_EV * value, allowed, unit)


def _forces(found: Consistency, one: Asked) -> list[Compared]:
    return _slopes(found, one, "forces", one.displaced)


def _stress(found: Consistency, one: Asked) -> list[Compared]:
    if one.original.stress is None or not one.strained:
        return []
    return _slopes(found, one, "stress", one.strained)


def _slopes(
    found: Consistency,
    one: Asked,
    quantity: Quantity,
    sides: tuple[tuple[Predictions, Predictions], ...],
) -> list[Compared]:
    bundle = one.moves if quantity == "forces" else one.strains
    if bundle is None:
        return []
    rounding = one.rounding(found.dtype if found.states_dtype else "")
    of_paths: list[Slope] = slopes(one.frame, one.original, bundle, sides, rounding=rounding)
    return [
        Compared(
            one.index,
            slope.what,
            quantity,
            MEV_PER_EV * slope.difference,
            MEV_PER_EV * slope.error,
            QUANTITY_UNITS[quantity],
        )
        for slope in of_paths
    ]


_MEASURED: Final[dict[str, Callable[[Consistency, Asked], list[Compared]]]] = {
    "forces_from_energy": _forces,
    "stress_from_energy": _stress,
    "net_force": _net_force,
    "net_torque": _net_torque,
}
