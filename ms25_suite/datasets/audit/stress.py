"""Whether stress labels can be in eV/Å^3 with tension positive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import Frames, IntArray, Labels
from ms25_suite.core.units import GPA_PER_EV_PER_A3, KBAR_PER_EV_PER_A3
from ms25_suite.datasets.answers import Answer, answered, unanswered

__all__ = ["LARGEST_STRESS", "STIFFEST", "VolumeTrend", "audit_stress", "composition"]

LARGEST_STRESS: Final = 95.0 / GPA_PER_EV_PER_A3
"""0.593 eV/Å^3. The ideal tensile strength of diamond along [111], 95 GPa, is that of the
strongest solid (Telling, Pickard, Payne & Field, Phys. Rev. Lett. 84 (2000) 5160); its ideal
shear strength is 93 GPa (Chacham & Kleinman, Phys. Rev. Lett. 85 (2000) 4904). Half of the
stress components of a dataset cannot be beyond it, unless all of it is under planetary
pressure."""

LARGEST_SHEAR: Final = 0.1
"""eV/Å^3, 16 GPa: about the ideal shear strength of tungsten, 18 GPa (Krenn, Roundy, Morris &
Cohen, Mater. Sci. Eng. A 319-321 (2001) 111). Only superhard solids bear more."""

_COHERENT: Final = 5.0
"""Shear stress over what the forces explain (`_scale_from_forces`) beyond which only
a crystal that is sheared as a whole can be. MD of FeNiCrCoCu and strained MgO have 0.1."""

_USUAL_RATIO: Final = 0.5
"""Stress over what the forces explain in real data: 0.2 (MD of FeNiCrCoCu), 0.3 (strained MgO),
1.3 (relaxation of ZrO2)."""

STIFFEST: Final = 443.0 / GPA_PER_EV_PER_A3
"""2.77 eV/Å^3: bulk modulus of diamond, 443 GPa (Grimsditch & Ramdas, Phys. Rev. B 11 (1975)
3139)."""

_SOFTEST: Final = 0.5 / GPA_PER_EV_PER_A3
"""0.5 GPa: softer than any inorganic solid; molecular liquids have about 1 GPa."""

_VIRIAL: Final = "the virial (-volume times stress) in eV"

_ONE_PHASE: Final = 0.2
"""Difference of the logarithm of the volume up to which frames may be one structure, strained."""

_LEAST_FRAMES: Final = 20
_CLEAR_R2: Final = 0.5
"""Share of the variance that a trend must explain before something is concluded from its sign."""


@dataclass(frozen=True, slots=True)
class VolumeTrend:
    """How the stress changes with the volume at one composition.

    Parameters
    ----------
    modulus
        d(mean normal stress)/d(ln volume) in the unit of the labels: the bulk modulus if they
        are eV/Å^3.
    r2
        Share of the variance of the stress that this explains.
    n_frames
        Number of frames behind it.
    """

    modulus: float
    r2: float
    n_frames: int


def composition(frames: Frames) -> IntArray:
    """Number of atoms of each of ``frames.elements`` in each frame, ``(n_frames, n_elements)``."""
    elements = np.array(frames.elements, dtype=np.int64)
    columns = np.zeros(elements.max(initial=0) + 1, dtype=np.int64)
    columns[elements] = np.arange(len(elements))
    # One count over pairs of frame and element: half of the time of `np.add.at`.
    pairs = frames.frame_of_atom * len(elements) + columns[np.asarray(frames.numbers)]
    counts = np.bincount(pairs, minlength=len(frames) * len(elements))
    return counts.reshape(len(frames), len(elements)).astype(np.int64, copy=False)


def audit_stress(frames: Frames, labels: Labels) -> Answer:
    """Unit and sign of the stress.

    Three facts of physics are used. A solid cannot bear more than `LARGEST_STRESS`, and hardly
    more shear than `LARGEST_SHEAR`, least of all where the forces are too small for it. And a
    bulk modulus is positive and at most `STIFFEST`: with ASE's sign, stress rises with volume,
    which is used only where the volumes of the frames differ enough.
    """
    has = labels.has_stress
    if has is None or labels.stress is None or not has.any():
        return unanswered("stress-scale", "there are no stresses")
    stress = np.asarray(labels.stress)[has]
    # Medians: a few overlapping atoms produce enormous stresses in any unit.
    median = float(np.median(np.abs(stress)))
    trend = _volume_trend(frames, labels, np.flatnonzero(has))
    # Thermal fluctuations of the stress hide the trend where volumes vary little.
    clear = trend is not None and trend.r2 >= _CLEAR_R2
    slope = trend.modulus if trend is not None and clear else None
    shear = float(np.median(np.abs(stress[:, 3:])))
    scale = _scale_from_forces(frames, labels, np.flatnonzero(has))
    facts = []
    if median > LARGEST_STRESS:
        facts.append(
            f"half of the components exceed {median:.3g}, the strength of diamond is "
            f"{LARGEST_STRESS:.2f} eV/Å^3 (95 GPa)"
        )
    # Hydrostatic pressure can be large; shear beyond the ideal strength would already have made
    # the crystal slip.
    elif shear > LARGEST_SHEAR and scale is not None and shear > _COHERENT * scale:
        facts.append(
            f"half of the shear components exceed {shear:.3g}, while the forces explain about "
            f"{_USUAL_RATIO * scale:.2g} eV/Å^3, and tungsten bears 0.1 eV/Å^3 (16 GPa)"
        )
    # d(stress)/d(ln V) is the bulk modulus B = -V dp/dV, as stress = -p.
    if slope is not None and abs(slope) > STIFFEST:
        facts.append(
            f"the bulk modulus would be {abs(slope) * GPA_PER_EV_PER_A3:.0f} GPa, that of "
            f"diamond is 443 GPa"
        )
    if facts:
        volume = float(np.median(frames.volumes[has]))
        finding = _wrong_unit(facts, median, slope, scale, volume)
        return answered("stress-scale", f"no: half of the components exceed {median:.3g}", finding)
    text = f"half of the components exceed {median:.3g} eV/Å^3; {_trend_text(trend)}"
    # Mechanical stability requires B > 0, so a falling stress is a pressure.
    if slope is not None and trend is not None and slope < 0.0:
        finding = Finding(
            "stress-sign",
            f"The stress falls as the volume grows (bulk modulus "
            f"{slope * GPA_PER_EV_PER_A3:.0f} GPa from {trend.n_frames} frames of one "
            f"composition, R² = {trend.r2:.2f}), as pressure does. Expected tension positive: "
            f"change the sign of the labels, unless these frames are different structures, which "
            f"can have such a trend too.",
        )
        return answered("stress-scale", text, finding)
    return answered("stress-scale", text)


def _trend_text(trend: VolumeTrend | None) -> str:
    if trend is None:
        return "too few or too similar volumes to find the sign"
    modulus = f"{trend.modulus * GPA_PER_EV_PER_A3:.3g} GPa"
    if trend.r2 < _CLEAR_R2:
        return f"no clear trend with volume to find the sign (R² = {trend.r2:.2f})"
    return f"bulk modulus {modulus} by {trend.n_frames} frames (R² = {trend.r2:.2f})"


def _volume_trend(frames: Frames, labels: Labels, chosen: IntArray) -> VolumeTrend | None:
    """Trend in the most frequent composition; None if it has too few frames or volumes."""
    if len(chosen) < _LEAST_FRAMES or labels.stress is None:
        return None
    groups, counts = np.unique(composition(frames)[chosen], axis=0, return_counts=True)
    # Compositions of a random alloy are all different: then the trend is that of the alloy.
    if counts.max() >= _LEAST_FRAMES:
        largest = groups[int(np.argmax(counts))]
        chosen = chosen[(composition(frames)[chosen] == largest).all(axis=1)]
    elif len(np.unique(frames.n_atoms[chosen])) > 1:
        return None
    # Vacuum, and other structures of the same composition, differ more in volume than by a strain
    # that bonds bear: they have no common trend.
    volumes = frames.volumes[chosen]
    chosen = chosen[np.abs(np.log(volumes / np.median(volumes))) < _ONE_PHASE]
    if len(chosen) < _LEAST_FRAMES:
        return None
    volumes = frames.volumes[chosen]
    # One third of the trace, -p: the only part that a change of volume works against.
    mean = np.asarray(labels.stress)[chosen, :3].mean(axis=1)
    log_volume = np.log(volumes)
    spread = float(np.std(log_volume))
    # Less than 0.1 % of volume is the rounding of a file, not a trend.
    if spread < 1e-3 or float(np.std(mean)) == 0.0:
        return None
    slope = float(np.polyfit(log_volume - log_volume.mean(), mean, 1)[0])
    r2 = float(np.corrcoef(log_volume, mean)[0, 1]) ** 2
    return VolumeTrend(slope, r2, len(chosen))


def _scale_from_forces(frames: Frames, labels: Labels, chosen: IntArray) -> float | None:
    """Order of magnitude of the stress in eV/Å^3 by the forces; None without forces.

    The virial is a sum of (bond vector) x (bond force) over all bonds. For N atoms at distance
    d = (V/N)^(1/3) with uncorrelated forces F it is about sqrt(N) F d, so the stress is about
    sqrt(N) F d / V.
    """
    if labels.forces is None:
        return None
    # Divided by 3 below: one component of each force.
    squares = np.square(np.asarray(labels.forces)).sum(axis=1)
    per_frame = np.bincount(frames.frame_of_atom, squares, minlength=len(frames)) / 3.0
    volumes = frames.volumes
    n_atoms = frames.n_atoms
    # sum(F^2) = N F^2: one factor of sqrt(N) is in it already.
    scale = np.sqrt(per_frame[chosen]) * np.cbrt(volumes / n_atoms)[chosen] / volumes[chosen]
    # Frames without forces have NaN.
    scale = scale[np.isfinite(scale)]
    typical = float(np.median(scale)) if len(scale) else 0.0
    return typical if typical > 0.0 else None


def _wrong_unit(
    facts: list[str], median: float, slope: float | None, scale: float | None, volume: float
) -> Finding:
    """The finding, with the units that would make the numbers possible."""
    units = {
        "GPa": GPA_PER_EV_PER_A3,
        "kbar": KBAR_PER_EV_PER_A3,
        _VIRIAL: volume,
    }
    if slope is not None and slope > 0.0:
        # A virial falls as the volume grows.
        del units[_VIRIAL]
    possible = [
        name
        for name, factor in units.items()
        if median / factor <= LARGEST_STRESS
        # The slope is checked in the same unit: bulk moduli of solids span only three orders of
        # magnitude.
        and (slope is None or _SOFTEST <= abs(slope) / factor <= STIFFEST)
    ]
    if scale is not None:
        # The volume of a cell often lies between the factors of GPa and kbar, so the sign has to
        # help: virials have the opposite one, and so have VASP's kbar, but hardly ever GPa.
        doubtful = _VIRIAL if slope is None else "GPa" if slope < 0.0 else ""
        usual = _USUAL_RATIO * scale

        def distance(name: str) -> float:
            # A factor of 4 in the distance: the sign is a hint, not a proof.
            doubt = float(np.log(4.0)) if name == doubtful else 0.0
            return abs(float(np.log(median / units[name] / usual))) + doubt

        possible.sort(key=distance)
    return Finding(
        "virial-as-stress" if possible[:1] == [_VIRIAL] else "stress-unit",
        f"The stress is hardly eV/Å^3: {'; '.join(facts)}. {_remedy(possible, units, slope)}",
    )


def _remedy(possible: list[str], units: dict[str, float], slope: float | None) -> str:
    if not possible:
        return "No usual unit explains the numbers."
    first, *others = possible
    remedy = f"It is likely {first}"
    remedy += f" (also possible: {', '.join(others)})" if others else ""
    if first == _VIRIAL:
        return f'{remedy}: name it in the card, [labels] virial = "…".'
    remedy += f": divide by {units[first]:.6g}"
    if slope is not None and slope < 0.0:
        remedy += ", and change the sign: it falls as the volume grows, as a pressure does"
    return f"{remedy}."
