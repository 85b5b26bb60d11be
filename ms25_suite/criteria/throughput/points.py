"""Speeds of a report: what figures and tables of throughput are made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report.wording import number, pair_label, value_text

__all__ = [
    "ParetoPoint",
    "SizeCurve",
    "SpeedPoint",
    "hardware_notes",
    "pareto_points",
    "size_curves",
    "size_rows",
    "speed_points",
    "speed_rows",
]

QUANTITY: Final = "katoms_per_s"


@dataclass(frozen=True, slots=True, eq=False)
class SpeedPoint:
    """Speed of a potential on a dataset.

    Parameters
    ----------
    result
        The result; it has no value where the timing was too noisy.
    label
        Name of the dataset.
    quartiles
        Half of the blocks were between these, in kAtoms/s.
    details
        What else was measured.
    """

    result: CheckResult
    label: str
    quartiles: tuple[float, float]
    details: Mapping[str, Any]

    @property
    def hardware(self) -> str:
        """On what it was measured, in words."""
        device = str(self.details.get("device") or "")
        chip = self.details.get("gpu") if device.startswith("cuda") else self.details.get("cpu")
        threads = self.details.get("threads")
        words = "" if not threads else f", {threads} thread{'' if threads == 1 else 's'}"
        return f"{chip or 'a processor that is not known'}{words}"


@dataclass(frozen=True, slots=True, eq=False)
class ParetoPoint:
    """Accuracy and speed of a potential on a dataset.

    Parameters
    ----------
    speed
        Its speed, which has a value.
    forces
        Mean absolute error of its forces, in the unit of that result.
    unit
        That unit.
    best
        Whether no other potential is both as accurate and as fast, and better in one of the two.
    """

    speed: SpeedPoint
    forces: float
    unit: str
    best: bool


@dataclass(frozen=True, slots=True, eq=False)
class SizeCurve:
    """Cost of a potential against the number of atoms.

    Parameters
    ----------
    result
        The exponent.
    label
        Name of the dataset.
    sizes, times
        Numbers of atoms, ascending, and ms per step.
    speeds, memory
        kAtoms/s and MiB at each size.
    prefactor
        ms per step of the fitted line at one atom.
    too_large
        Number of atoms that could not be run; None if all could.
    """

    result: CheckResult
    label: str
    sizes: list[float]
    times: list[float]
    speeds: list[float]
    memory: list[float]
    prefactor: float
    too_large: float | None


def speed_points(results: Sequence[CheckResult]) -> list[SpeedPoint]:
    """Speeds of the datasets' own frames, also those too noisy for a number."""
    points = []
    for result in results:
        if (result.criterion, result.quantity) != ("throughput", QUANTITY):
            continue
        details = result.details.get("throughput")
        quartiles = _numbers(details.get("quartiles")) if isinstance(details, Mapping) else []
        # A failure without a value has no speed: something else was computed.
        refused = result.value is None and result.verdict is Verdict.FAIL
        whole = len(quartiles) == 2 and min(quartiles) > 0 and (result.value or 1.0) > 0
        if isinstance(details, Mapping) and whole and not refused:
            label = pair_label(result.dataset, result.test_dataset)
            points.append(SpeedPoint(result, label, (quartiles[0], quartiles[1]), details))
    return points


def pareto_points(
    points: Sequence[SpeedPoint], results: Sequence[CheckResult]
) -> dict[str, list[ParetoPoint]]:
    """By dataset, the potentials of which the error of the forces and the speed are known."""
    found: dict[str, list[tuple[SpeedPoint, float, str]]] = {}
    for point in points:
        for other in results:
            same = (other.dataset, other.test_dataset, other.potential) == (
                point.result.dataset,
                point.result.test_dataset,
                point.result.potential,
            )
            wanted = ("error_thresholds", "forces", "mae")
            is_error = (other.criterion, other.quantity, other.metric) == wanted
            if same and is_error and other.value is not None and point.result.value is not None:
                found.setdefault(point.label, []).append((point, other.value, other.unit))
    return {
        label: [
            ParetoPoint(point, forces, unit, not any(_beats(other, own) for other in group))
            for own in group
            for point, forces, unit in [own]
        ]
        for label, group in found.items()
    }


def _beats(one: tuple[SpeedPoint, float, str], other: tuple[SpeedPoint, float, str]) -> bool:
    """Whether one is nowhere worse than the other, and somewhere better."""
    (fast, error, _), (slow, larger, _) = one, other
    mine, theirs = float(fast.result.value or 0.0), float(slow.result.value or 0.0)
    return mine >= theirs and error <= larger and (mine > theirs or error < larger)


def size_curves(results: Sequence[CheckResult]) -> dict[str, list[SizeCurve]]:
    """By dataset, costs against sizes; what is no whole curve is left out."""
    found: dict[str, list[SizeCurve]] = {}
    for result in results:
        details = result.details.get("size_cost")
        if result.criterion != "throughput" or not isinstance(details, Mapping):
            continue
        keys = ("n_atoms", "ms_per_step", "katoms_per_s", "memory_mib")
        sizes, times, speeds, memory = (_numbers(details.get(key)) for key in keys)
        prefactor, too_large = _number(details.get("prefactor_ms")), details.get("too_large")
        lengths = {len(sizes), len(times), len(speeds), len(memory)}
        if result.value is None or prefactor is None or len(lengths) > 1 or len(sizes) < 2:
            continue
        if min((*sizes, *times, prefactor)) <= 0:
            continue
        label = pair_label(result.dataset, result.test_dataset)
        curve = SizeCurve(
            result, label, sizes, times, speeds, memory, prefactor, _number(too_large)
        )
        found.setdefault(label, []).append(curve)
    return found


def speed_rows(points: Sequence[SpeedPoint]) -> list[dict[str, Any]]:
    """A row of the table for each speed; what all were measured on is in `hardware_notes`."""
    same = len({point.hardware for point in points}) == 1
    rows = []
    for point in points:
        shares = point.details.get("shares")
        shares = shares if isinstance(shares, Mapping) else {}
        parts = [_number(shares.get(key)) for key in ("model", "neighbour list", "LAMMPS")]
        memory = _number(point.details.get("peak_memory_bytes"))
        step, value = _number(point.details.get("ms_per_step")), point.result.value
        low, high = point.quartiles
        route = point.details.get("route", "route unknown")
        version = point.details.get("lammps_version", "of unknown version")
        rows.append(
            {
                "dataset": point.label,
                "stand_in": point.result.stand_in,
                "potential": point.result.potential,
                "atoms": point.details.get("n_atoms", ""),
                "speed": ("", "") if value is None else value_text(value, point.result.interval),
                "spread": f"{number(low)} to {number(high)}",
                "step": "" if step is None or value is None else number(step),
                "shares": ["" if part is None else f"{100 * part:.0f}" for part in parts],
                "memory": "" if memory is None else f"{memory / 2**20:.0f}",
                "how": f"{route}, LAMMPS {version}" + ("" if same else f", {point.hardware}"),
                "verdict": point.result.verdict,
            }
        )
    return rows


def size_rows(groups: Mapping[str, Sequence[SizeCurve]]) -> list[dict[str, Any]]:
    """A row of the table for each size of each potential."""
    return [
        {
            "dataset": label,
            "potential": curve.result.potential,
            "atoms": f"{size:.0f}",
            "step": number(time),
            "speed": number(speed),
            "memory": f"{memory:.0f}",
            "curve": curve.result if place == 0 else None,
        }
        for label, own in groups.items()
        for curve in own
        for place, (size, time, speed, memory) in enumerate(
            zip(curve.sizes, curve.times, curve.speeds, curve.memory, strict=True)
        )
    ]


def hardware_notes(points: Sequence[SpeedPoint]) -> list[str]:
    """The hardware, and a warning if there are several: their speeds do not compare."""
    kinds: dict[str, list[str]] = {}
    for point in points:
        kinds.setdefault(point.hardware, []).append(point.result.potential)
    if len(kinds) == 1:
        return [f"All were measured on {next(iter(kinds))}."]
    listed = "; ".join(
        f"{kind}: {', '.join(dict.fromkeys(names))}" for kind, names in kinds.items()
    )
    return [f"Measured on different hardware, which cannot be compared: {listed}."]


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def _numbers(value: Any) -> list[float]:
    """Finite numbers of a list; empty if it is none, or holds anything else."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    found = [_number(item) for item in value]
    known = [item for item in found if item is not None]
    return known if len(known) == len(found) else []
