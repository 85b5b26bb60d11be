"""Whether the forces of a dataset have one unit, are free of outliers, and add up to zero."""

from __future__ import annotations

from typing import Final

import numpy as np

from ms25_suite.core.findings import Finding, Severity, frame_list
from ms25_suite.core.frames import BoolArray, FloatArray, Frames, IntArray, Labels
from ms25_suite.core.units import FORCE_UNITS, MEV_PER_EV
from ms25_suite.datasets.answers import Answer, answered, unanswered, unless_all
from ms25_suite.datasets.audit.bonds import bond_finding
from ms25_suite.datasets.audit.stiffness import stiffness_finding
from ms25_suite.datasets.audit.stress import composition
from ms25_suite.datasets.audit.structures import STRONGEST_BOND
from ms25_suite.datasets.audit.surroundings import at_symmetric_sites, closeness, evenly
from ms25_suite.datasets.formats.likely_units import likely_units

__all__ = ["audit_forces"]

_OUTLIER_SIGMAS: Final = 20.0
"""Forces of thermal motion are normal or, near repulsive walls, exponential. Even of the latter
one in 8 x 10^8 exceeds 20 robust standard deviations; 10,000 frames of 108 atoms have 3 x 10^6."""

_GAP: Final = 5.0
"""Ratio of the mean forces of two frames that follow each other in the order of their mean force.
Forces grow with the root of the temperature: 25 times the temperature, without any frame in
between, would be needed to explain it."""

_ALIKE: Final = 0.35
"""Robust spread of the logarithm of the mean force within a group of frames of one kind; between
300 and 1200 K it is 0.24. Forces of a relaxation spread over orders of magnitude, which
hides a change of unit."""

_LIKELY: Final = 1.25
"""How close, as a ratio, the ratio of the mean forces of two such groups must be to that of two
units. It is known to about the root of the spread within the groups."""

_ISOLATED: Final = 0.05
"""Share of the frames up to which outliers are single failures, and not a kind of frame."""

NET_FORCE: Final = 3.5e-3
"""eV/Å per atom and component: a tenth of the paper's threshold for forces, 35 meV/Å."""

_ZEROED: Final = 1e-3
"""Mean force in eV/Å above which a frame is not at rest. At rest, forces may be exactly zero."""

_FEW_UNITS: Final = 30.0
"""Median force component, in units of the last digit that is written, below which a force may be
zero by rounding: one in 10^5 of normally distributed forces then is."""

_DISTINCT: Final = 3
"""Least number of different force components that show the last digit of a file."""

_PRESSED: Final = 0.9
"""Distance over the sum of the covalent radii below which strong repulsion is expected. Bonds at
rest have 0.9 (O2) to 1.2 (H2); only triple bonds have less, 0.77 (N2)."""

_STIFFEST_BOND: Final = 200.0
"""eV/Å^2; above the force constant of N2, 143 eV/Å^2 (Huber & Herzberg, 1979)."""

_LOOKED_AT: Final = 200
"""Most frames whose neighbours are looked at for one finding."""


def audit_forces(frames: Frames, labels: Labels) -> list[Answer]:
    """Size and outliers of the forces, and whether they add up to zero in each frame."""
    if labels.forces is None:
        return [unanswered(code, "there are no forces") for code in ("forces", "net-force")]
    forces = np.asarray(labels.forces)
    squares = np.square(forces).sum(axis=1)
    per_frame = np.add.reduceat(squares, np.asarray(frames.offsets)[:-1])
    # Root mean square of a component, which is what thermal motion determines.
    rms = np.sqrt(per_frame / (3.0 * frames.n_atoms))
    largest = float(np.sqrt(squares.max()))
    text = (
        f"components of {np.sqrt(per_frame.sum() / forces.size):.3g} eV/Å rms; the largest force "
        f"is {largest:.3g} eV/Å"
    )
    energy = None if labels.energy is None else np.asarray(labels.energy)
    mixed = _mixed_units(frames, energy, rms)
    findings = (
        _zeroed(frames, forces, squares, rms),
        mixed,
        _unit(frames, forces),
        None if mixed is not None else _outliers(frames, forces, squares),
    )
    return [answered("forces", text, *findings), _net_force(frames, forces)]


def _unit(frames: Frames, forces: FloatArray) -> Finding | None:
    """What shows that the forces are not in eV/Å, the surest first."""
    large = _wrong_unit(frames, forces)
    if large is not None and large.severity == "warning":
        return large
    return stiffness_finding(frames, forces) or bond_finding(frames, forces) or large


def _wrong_unit(frames: Frames, forces: FloatArray) -> Finding | None:
    median = float(np.median(np.abs(forces)))
    if median <= STRONGEST_BOND:
        return None
    fact = (
        f"Half of the force components exceed {median:.3g}, while {STRONGEST_BOND} eV/Å break the "
        f"bond of N2."
    )
    chosen = evenly(np.arange(len(frames)), _LOOKED_AT)
    if np.median([closeness(frames, int(i))[0].min() for i in chosen]) < _PRESSED:
        return Finding(
            "force-unit",
            f"{fact} Atoms are pressed together in most frames, which explains them if it is on "
            f"purpose; else the unit is not eV/Å.",
            "note",
        )
    return Finding(
        "force-unit",
        f"{fact} No atoms are so close that it would explain them: they are hardly eV/Å. Likely "
        f"units are kcal/mol/Å (divide by 23.06) and meV/Å (divide by 1000).",
    )


def _zeroed(
    frames: Frames, forces: FloatArray, squares: FloatArray, rms: FloatArray
) -> Finding | None:
    """Atoms whose force is exactly zero in a frame that is not at rest, without a reason."""
    # ASE sets the forces on fixed atoms to exactly 0.0 unless they are read with
    # `apply_constraint=False`.
    zero: BoolArray = (squares == 0.0) & (rms > _ZEROED)[frames.frame_of_atom]
    concerned = np.unique(frames.frame_of_atom[zero])
    looked_at = evenly(concerned, _LOOKED_AT)
    found: dict[int, int] = {}
    for index in looked_at:
        part = slice(int(frames.offsets[index]), int(frames.offsets[index + 1]))
        if _rounded_away(forces[part]):
            continue
        # Symmetry makes the force on many atoms of an undistorted crystal zero.
        odd = zero[part] & ~at_symmetric_sites(frames, int(index), zero[part])
        if odd.any():
            found[int(index)] = int(np.count_nonzero(odd))
    if not found:
        return None
    least = "at least " if len(looked_at) < len(concerned) else ""
    return Finding(
        "zeroed-forces",
        f"The force on {least}{sum(found.values())} atoms in {least}{len(found)} frames "
        f"({frame_list(list(found))}) is exactly zero, those on other atoms of the frame are not, "
        f"and their neighbours are not arranged so that symmetry explains it. Most often a "
        f"constraint has set the forces on fixed atoms to zero; or the file has forces of a part "
        f"of the atoms only. A potential predicts the real ones, and the difference counts as its "
        f"error. Label with the real forces.",
        frames=tuple(found),
    )


def _rounded_away(forces: FloatArray) -> bool:
    """Whether the forces of a frame have so few digits that small ones are written as zero."""
    sizes = np.unique(np.abs(forces[forces != 0.0]))
    if len(sizes) < _DISTINCT:
        return False
    for multiple in (1, 2, 3):
        # The smallest force is one, two or three units of the last digit, in whatever unit the
        # file was written.
        units = sizes * (multiple / sizes[0])
        if np.abs(units - np.rint(units)).max() < 0.02:
            return bool(np.median(units) < _FEW_UNITS)
    return False


def _mixed_units(frames: Frames, energy: FloatArray | None, rms: FloatArray) -> Finding | None:
    """Two groups of frames whose mean forces differ by the ratio of two units."""
    moving = np.flatnonzero(rms > 0.0)
    if len(moving) < 10:
        return None
    order = moving[np.argsort(rms[moving], kind="stable")]
    logs = np.log(rms[order])
    # The widest gap in the sorted logarithms separates the two groups, if there are two.
    cut = int(np.argmax(np.diff(logs))) + 1
    low, high = logs[:cut], logs[cut:]
    if min(len(low), len(high)) < 3 or high[0] - low[-1] < np.log(_GAP):
        return None
    spreads = [float(np.median(np.abs(group - np.median(group)))) for group in (low, high)]
    # `_ALIKE` is a standard deviation; 1.4826 converts it to a median absolute deviation.
    if max(spreads) > _ALIKE / 1.4826:
        return None
    ratio = float(np.median(high) - np.median(low))
    names = likely_units(float(np.exp(ratio)), FORCE_UNITS, _LIKELY)
    if not names:
        return None
    # The larger group is taken to be right, as the file states no unit.
    fewer = order[cut:] if len(high) <= len(low) else order[:cut]
    indices = tuple(int(index) for index in np.sort(fewer))
    fact = (
        f"The forces of {len(indices)} of {len(rms)} frames ({frame_list(indices)}) are "
        f"{np.exp(ratio):.3g} times {'larger' if len(high) <= len(low) else 'smaller'} than those "
        f"of the others, and no frame is in between. That is about the factor between eV/Å and "
        f"{names}"
    )
    relaxed = _relaxed(frames, energy, rms, order[:cut], order[cut:])
    if relaxed:
        return None
    if relaxed is None:
        return Finding(
            "mixed-force-units",
            f"{fact}: relaxed frames beside heated or distorted ones look like that too. If they "
            f"are not, the file mixes units.",
            "note",
            indices,
        )
    return Finding(
        "mixed-force-units",
        f"{fact}; and the energies do not differ as those of relaxed and distorted frames would: "
        f"does the file mix units?",
        frames=indices,
    )


def _relaxed(
    frames: Frames, energy: FloatArray | None, rms: FloatArray, low: IntArray, high: IntArray
) -> bool | None:
    """Whether energies show that frames of small forces are closer to rest than those of large.

    None if that cannot be told: without energies of the same composition in both groups.
    """
    if energy is None:
        return None
    counts = composition(frames) / frames.n_atoms[:, None]
    per_atom = energy / frames.n_atoms
    for index in low:
        same = (np.abs(counts - counts[index]) < 1e-6).all(axis=1)
        ours, others = low[same[low]], high[same[high]]
        if len(ours) < 3 or len(others) < 3:
            continue
        excess = float(np.median(per_atom[others]) - np.median(per_atom[ours]))
        spread = float(np.median(np.abs(per_atom[ours] - np.median(per_atom[ours]))))
        # The energy of a harmonic solid is F^2 / 2k for each degree of freedom.
        least = 1.5 * float(np.median(rms[others])) ** 2 / _STIFFEST_BOND
        if not np.isfinite(excess):
            return None
        return excess > max(least, spread)
    return None


def _outliers(frames: Frames, forces: FloatArray, squares: FloatArray) -> Finding | None:
    """Atoms with a force far larger than usual for their element."""
    numbers = np.asarray(frames.numbers)
    far = np.zeros(len(numbers), dtype=bool)
    # Light atoms at the end of stiff bonds have larger forces than heavy ones: one limit for all
    # elements would flag ordinary H.
    for element in frames.elements:
        own = numbers == element
        # Median absolute component over 0.6745: the standard deviation of a normal distribution.
        sigma = float(np.nanmedian(np.abs(forces[own]))) / 0.6745
        far[own] = squares[own] > max(_OUTLIER_SIGMAS * sigma, STRONGEST_BOND) ** 2
    if not far.any():
        return None
    indices = tuple(int(index) for index in np.unique(frames.frame_of_atom[far]))
    fact = (
        f"On {np.count_nonzero(far)} atoms in {len(indices)} of {len(frames)} frames "
        f"({frame_list(indices)}) the force is up to {np.sqrt(squares[far].max()):.3g} eV/Å, more "
        f"than {_OUTLIER_SIGMAS:g} times as large as usual for the element and more than the "
        f"strongest bonds bear ({STRONGEST_BOND} eV/Å)."
    )
    if len(indices) > _ISOLATED * len(frames):
        meaning = "So many of them seem to be distorted on purpose; they will dominate the errors."
        return Finding("force-outliers", f"{fact} {meaning}", "note", indices)
    if all(_pressed(frames, far, index) for index in indices[:_LOOKED_AT]):
        meaning = (
            "Atoms are so close there that the forces are plausible: on purpose (short dimers, "
            "random structures), or have they collided? They will dominate the errors."
        )
        return Finding("force-outliers", f"{fact} {meaning}", "note", indices)
    meaning = (
        "No atoms are so close there that it would explain the force. Did these calculations "
        "converge, and do the labels belong to these positions?"
    )
    return Finding("force-outliers", f"{fact} {meaning}", frames=indices)


def _pressed(frames: Frames, far: BoolArray, index: int) -> bool:
    """Whether a chosen atom of a frame has a neighbour that is closer than any bond."""
    part = slice(int(frames.offsets[index]), int(frames.offsets[index + 1]))
    return bool(closeness(frames, index)[0][far[part]].min() < _PRESSED)


def _net_force(frames: Frames, forces: FloatArray) -> Answer:
    """The mean force of each frame: no potential that conserves momentum can predict it."""
    # Translational invariance of the energy makes the sum of all forces zero. DFT violates it
    # through its integration grid (egg-box effect), constraints by removing reaction forces.
    totals = np.add.reduceat(forces, np.asarray(frames.offsets)[:-1])
    mean = np.abs(totals / frames.n_atoms[:, None])
    largest = mean.max(axis=1)
    typical = float(mean.mean())
    text = (
        f"mean force of a frame, by component: {_mev(typical)} meV/Å on average, at most "
        f"{_mev(float(largest.max()))} meV/Å"
    )
    bad: IntArray = np.flatnonzero(largest > NET_FORCE)
    if len(bad) == 0:
        return answered("net-force", f"{text}; a finding above {_mev(NET_FORCE)}")
    worst = int(bad[int(np.argmax(largest[bad]))])
    total = float(np.linalg.norm(totals[worst]))
    # In a few frames only, it hardly changes the mean errors of the dataset.
    severity: Severity = "warning" if typical > NET_FORCE else "note"
    finding = Finding(
        "net-force",
        f"The forces of {len(bad)} of {len(frames)} frames ({frame_list(bad)}) do not add "
        f"up to zero: their mean exceeds {_mev(NET_FORCE)} meV/Å (worst: frame {worst}, sum "
        f"{total:.3g} eV/Å, mean {_mev(float(largest[worst]))} meV/Å). No potential "
        f"that conserves momentum can predict that part. Were constraints applied to the forces, "
        f"does an external field act on the atoms, or is the calculation coarse?",
        severity,
        unless_all(bad, len(frames)),
    )
    return answered("net-force", text, finding)


def _mev(value: float) -> str:
    return f"{MEV_PER_EV * value:.2g}"
