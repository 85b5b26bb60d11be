"""Tables of speeds, and on which hardware they were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ms25_suite.criteria.throughput.points import SizeCurve, SpeedPoint
from ms25_suite.report.section import Column, Table
from ms25_suite.report.wording import number, value_text

__all__ = ["hardware_note", "size_table", "speed_table"]

_SHARES = {"model": "model %", "neighbour list": "neighbours %", "LAMMPS": "LAMMPS %"}


def speed_table(points: Sequence[SpeedPoint]) -> Table:
    """Row for each speed; hardware that all have in common is left to `hardware_note`."""
    columns = (
        Column("dataset", "dataset"),
        Column("potential", "name"),
        Column("atoms", "number"),
        Column("kAtoms/s", "number"),
        Column("95 % interval", "interval"),
        Column("half of the blocks", "interval"),
        Column("ms/step", "number"),
        *(Column(heading, "number") for heading in _SHARES.values()),
        Column("MiB", "number"),
        Column("how"),
        Column("verdict", "verdict"),
    )
    is_same = len({point.details.hardware for point in points}) == 1
    rows = []
    for point in points:
        result, details = point.result, point.details
        how = f"{details.route}, LAMMPS {details.lammps_version}"
        speed = ("", "") if result.value is None else value_text(result.value, result.interval)
        low, high = details.quartiles
        rows.append(
            (
                point.label,
                result.potential,
                str(details.n_atoms),
                *speed,
                f"{number(low)} to {number(high)}",
                "" if result.value is None else number(details.ms_per_step),
                *(_percent(details.shares.get(name)) for name in _SHARES),
                f"{details.peak_memory_bytes / 2**20:.0f}",
                how if is_same else f"{how}, {details.hardware}",
                result.verdict,
            )
        )
    stand_ins = frozenset(n for n, point in enumerate(points) if point.result.stand_in)
    return Table(columns, rows, stand_ins)


def size_table(groups: Mapping[str, Sequence[SizeCurve]]) -> Table:
    """Row for each size of each potential; the exponent stands in the first of them."""
    columns = (
        Column("dataset", "dataset"),
        Column("potential", "name"),
        Column("atoms", "number"),
        Column("ms/step", "number"),
        Column("kAtoms/s", "number"),
        Column("MiB", "number"),
        Column("exponent", "number"),
        Column("95 % interval", "interval"),
    )
    rows: list[tuple[str, ...]] = []
    stand_ins = set()
    for label, own in groups.items():
        for curve in own:
            exponent = value_text(curve.exponent, curve.result.interval)
            cost = curve.cost
            for size, time, speed, memory in zip(
                cost.n_atoms, cost.ms_per_step, cost.katoms_per_s, cost.memory_mib, strict=True
            ):
                if curve.result.stand_in:
                    stand_ins.add(len(rows))
                numbers = (str(size), number(time), number(speed), f"{memory:.0f}")
                rows.append((label, curve.result.potential, *numbers, *exponent))
                exponent = ("", "")
    return Table(columns, rows, frozenset(stand_ins))


def hardware_note(points: Sequence[SpeedPoint]) -> str:
    """Hardware, and a warning if there are several kinds: their speeds cannot be compared."""
    kinds: dict[str, list[str]] = {}
    for point in points:
        kinds.setdefault(point.details.hardware, []).append(point.result.potential)
    if len(kinds) == 1:
        return f"All were measured on {next(iter(kinds))}."
    listed = "; ".join(
        f"{kind}: {', '.join(dict.fromkeys(names))}" for kind, names in kinds.items()
    )
    return f"Measured on different hardware, so the speeds cannot be compared: {listed}."


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f}"
