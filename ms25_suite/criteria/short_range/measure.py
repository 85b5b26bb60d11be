"""Walls, holes and compressions, and what is recorded of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import NotApplicableError
from ms25_suite.core.units import MEV_PER_EV
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.criteria.short_range.details import (
    KEY,
    ScanCurve,
    ShortRangeDetails,
    described,
    gaps,
)
from ms25_suite.criteria.short_range.pushes import Curve
from ms25_suite.criteria.short_range.scan import VOLUMES, ShortRangeScan
from ms25_suite.metrics.scans.dimers import pair_name
from ms25_suite.metrics.scans.walls import WAVE_EV, Wall, drop_of, find_wall, softening
from ms25_suite.metrics.scans.zbl import CORE_EV, core_distance

__all__ = ["SHORT_RANGE_QUANTITIES", "ShortRangeNumber", "measure_short_range"]

SHORT_RANGE_QUANTITIES: Final = ("wall", "softening", "hole", "compression")

SOFT_EV: Final = 1.0
"""Work in eV up to which the force must rise: 10 kT at 1200 K, 39 kT at 300 K."""

SAMPLED_TO: Final = 0.85
"""Volume as part of a frame's own to which the energy may fall: frames are sampled at volumes up to
10 % above equilibrium, and slabs hold vacuum."""

_KINDS: Final = {
    "wall": "pushed",
    "softening": "pushed",
    "hole": "dimers",
    "compression": "compressed",
}
"""Scans that each number comes from first of all."""


@dataclass(frozen=True, slots=True, eq=False)
class ShortRangeNumber:
    """One number of the short range.

    Parameters
    ----------
    quantity
        One of `SHORT_RANGE_QUANTITIES`.
    value
        In the unit of the quantity; NaN if the potential gave none.
    reason
        Where it is, or why there is none.
    details
        The curves behind it.
    n_frames
        Number of pairs or frames that were scanned.
    duration_s
        Wall time of all scans in seconds.
    """

    quantity: str
    value: float
    reason: str
    details: ShortRangeDetails
    n_frames: int
    duration_s: float

    def record(self, recorder: CheckRecorder) -> None:
        """Record the number against its threshold, or that the potential did not answer."""
        fields: dict[str, Any] = {
            "details": {KEY: self.details.to_dict()},
            "n_frames": self.n_frames,
            "duration_s": self.duration_s,
        }
        if math.isnan(self.value):
            recorder.fail(self.quantity, self.reason, **fields)
        else:
            recorder.judge(self.quantity, value=self.value, reason=self.reason, **fields)


def measure_short_range(scan: ShortRangeScan, quantity: str) -> ShortRangeNumber:
    """Number of a quantity from the scans of a potential.

    Parameters
    ----------
    scan
        All scans.
    quantity
        ``wall``: energy that it takes to push two atoms of a frame together, before it falls again,
        for the pair of elements with the lowest. ``softening``: how far the repulsion falls on the
        way in, while the work is below 1 eV. ``hole``: how far an energy falls below that of
        the bonded atoms at shorter distances. ``compression``: how far the energy falls while a
        frame is compressed.

    Raises
    ------
    NotApplicableError
        There is no scan of it: of a reference that refuses all of its structures, or frames that
        are not periodic.
    """
    kind = _KINDS[quantity]
    curves = {"pushed": scan.pushed, "dimers": scan.dimers}.get(kind, ())
    none = not (scan.pushed or scan.dimers) if quantity == "hole" else not curves
    if scan.compressed is None if quantity == "compression" else none:
        reason = scan.remarks.get(kind) or "no test frame is periodic in all three directions"
        raise NotApplicableError(reason)
    # A scan that broke is no scan: whatever the other points say, it does not pass.
    broken = [kind] if quantity != "hole" else ["dimers", "pushed"]
    problem = next((scan.problems[name] for name in broken if name in scan.problems), "")
    if problem:
        value, reason = math.nan, f"the potential has no answer to {problem}"
    elif quantity == "wall":
        value, reason = _lowest_wall(scan)
    elif quantity == "softening":
        value, reason = _softest(scan)
    elif quantity == "hole":
        value, reason = _deepest_hole(scan)
    else:
        value, reason = _fall(scan)
    remark = scan.remarks.get(kind, "")
    details = ShortRangeDetails(_described(scan, quantity))
    return ShortRangeNumber(
        quantity,
        value,
        "; ".join(filter(None, (reason, remark))),
        details,
        max(1, len(curves)),
        scan.duration_s,
    )


def _lowest_wall(scan: ShortRangeScan) -> tuple[float, str]:
    walls = [_wall(curve) for curve in scan.pushed]
    worst = int(np.argmin([wall.height for wall in walls]))
    curve, wall = scan.pushed[worst], walls[worst]
    end = "behind it the energy falls" if wall.open else "it rises to the end of the scan"
    return wall.height, (
        f"lowest for {pair_name(curve.pair)} at {wall.distance:.2f} Å in frame {curve.frame}: {end}"
    )


def _softest(scan: ShortRangeScan) -> tuple[float, str]:
    parts = [softening(curve.pulls, curve.energies, energy=SOFT_EV) for curve in scan.pushed]
    worst = int(np.argmax([part for part, _ in parts]))
    part, where = parts[worst]
    if part == 0.0:
        return 0.0, f"all pairs repel each other more on the way in, up to {SOFT_EV:g} eV"
    curve = scan.pushed[worst]
    return 100.0 * part, (
        f"largest for {pair_name(curve.pair)} at {curve.distances[where]:.2f} Å in frame "
        f"{curve.frame}"
    )


def _deepest_hole(scan: ShortRangeScan) -> tuple[float, str]:
    """Deepest fall below the bonded atoms, of a pair in vacuum or pushed together in a frame."""
    value, reason = 0.0, "no pair falls below its bonded energy at a shorter distance"
    for curve in scan.dimers:
        core = core_distance(*curve.pair)
        inside = curve.distances < core
        if not inside.any():
            continue
        # Of the separated atoms and the bond, the lower one.
        bonded = min(0.0, float(curve.energies[~inside].min()))
        lowest = int(np.argmin(np.where(inside, curve.energies, np.inf)))
        depth = bonded - float(curve.energies[lowest])
        if depth > value:
            value = depth
            reason = (
                f"{pair_name(curve.pair)} in vacuum at {curve.distances[lowest]:.2f} Å, below the "
                f"energy that it has outside of its core ({core:.2f} Å)"
            )
    for curve in scan.pushed:
        wall = _wall(curve)
        # Nobody gets over a higher wall, outside of a cascade of collisions.
        if wall.height < CORE_EV and wall.depth > value:
            value = wall.depth
            reason = (
                f"{pair_name(curve.pair)} pushed to {wall.depth_distance:.2f} Å in frame "
                f"{curve.frame}, behind a wall of {wall.height:.2g} eV"
            )
    return value, reason


def _wall(curve: Curve) -> Wall:
    return find_wall(curve.distances, curve.energies, drop=WAVE_EV)


def _fall(scan: ShortRangeScan) -> tuple[float, str]:
    assert scan.compressed is not None
    energies = scan.compressed.energies
    # The start, or what it was in the range of volumes that frames are sampled in.
    sampled = energies[VOLUMES > SAMPLED_TO]
    rising = np.concatenate([[sampled[0]], energies[VOLUMES <= SAMPLED_TO]])
    fall, where = drop_of(rising)
    volumes = np.concatenate([[1.0], VOLUMES[VOLUMES <= SAMPLED_TO]])
    reason = f"frame {scan.compressed.frame}, compressed to half of its volume"
    if fall > 0.0:
        reason += f": the energy falls before {100 * volumes[where]:.0f} % of it"
    return MEV_PER_EV * fall, reason


def _described(scan: ShortRangeScan, quantity: str) -> tuple[ScanCurve, ...]:
    if quantity == "compression":
        if scan.compressed is None:
            return ()
        name = f"frame {scan.compressed.frame}"
        return (ScanCurve(name, tuple(VOLUMES.tolist()), gaps(scan.compressed.energies)),)
    return described({"wall": scan.pushed, "hole": scan.dimers}.get(quantity, ()))
