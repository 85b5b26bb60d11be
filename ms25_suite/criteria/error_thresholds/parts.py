"""Parts of the errors of energies, forces and stresses: what a mean over everything hides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from ase.data import chemical_symbols

from ms25_suite.core.frames import BoolArray, FloatArray
from ms25_suite.core.thresholds import MIN_FRAMES
from ms25_suite.core.units import MEV_PER_EV
from ms25_suite.criteria.comparison import ComparedFrames
from ms25_suite.criteria.error_thresholds.groups import PartGroup, folded
from ms25_suite.metrics.decomposition.parts import (
    Part,
    angles,
    force_scale,
    mean_of_parts,
    quantile_of_frames,
    size_parts,
)
from ms25_suite.metrics.errors import ErrorSummary
from ms25_suite.metrics.intervals import Statistic

__all__ = ["parts_of"]

QUANTILE: Final = 0.95
"""Of the errors of frames: the mark is for all frames but one in twenty."""

MIN_FORCE: Final = 0.02
"""Mean size of the components of the forces in eV/Å from which their scale and direction are
judged. DFT forces are converged to some 1 meV/Å: where they are as small, they have neither."""

_TENTH: Final = 0.9


def parts_of(
    errors: ErrorSummary, compared: ComparedFrames, without_model: float | None
) -> list[PartGroup]:
    """Groups of parts of the errors of one quantity, in the units that people read.

    Parameters
    ----------
    errors, compared
        Errors of the quantity, and the frames that they are of.
    without_model
        Mean absolute error without a look at the structure, in the unit of the errors; None if it
        is not known.
    """
    if errors.quantity == "stress":
        return _stress_parts(errors)
    references = _without_model(errors, without_model)
    kinds = _kinds(errors, compared)
    groups = [
        _by_kind(errors, references, kinds),
        _quantile(errors, references),
        _worst_frame(errors, compared, references),
    ]
    if errors.quantity == "forces":
        groups = [*_force_parts(errors, compared, kinds), *groups]
    return [group for group in groups if group.parts]


def _force_parts(
    errors: ErrorSummary, compared: ComparedFrames, kinds: Mapping[str, BoolArray]
) -> list[PartGroup]:
    frames = compared.frames.select(errors.frames)
    reference = errors.reference.reshape(-1, 3)
    predicted = errors.predicted.reshape(-1, 3)
    frame = frames.frame_of_atom
    elements = {chemical_symbols[z]: frames.numbers == z for z in frames.elements}
    sizes = np.linalg.norm(reference, axis=1)
    # Mean over the components of each atom: the mean over atoms is then that over components.
    both = np.abs(predicted - reference).mean(axis=1), np.abs(reference).mean(axis=1)
    # The direction of a small force is mostly noise: only the larger half of the forces counts.
    large = (sizes >= np.median(sizes)) & (sizes > 0)
    turned: tuple[Part, ...] = ()
    if both[1][large].size and both[1][large].mean() >= MIN_FORCE:
        found = angles(reference[large], predicted[large])
        right = np.full(len(found), 90.0)  # of a force in a random direction, on average
        whole = {"the larger half of the forces": np.full(len(found), True)}
        turned = mean_of_parts(found, right, frame[large], whole, groups=errors.groups)
    scaled = elements | {name: np.repeat(own, frames.n_atoms) for name, own in kinds.items()}
    scaled = {name: own for name, own in scaled.items() if both[1][own].mean() >= MIN_FORCE}
    scales = force_scale(reference, predicted, frame, scaled, errors.groups)
    in_percent = tuple(
        Part(part.name, folded(part.error.times(100.0)), part.n_frames, 100.0) for part in scales
    )
    by_size = mean_of_parts(*both, frame, size_parts(sizes), groups=errors.groups)
    groups = [
        PartGroup("forces_scale", "forces of", in_percent, "error"),
        PartGroup("forces_by_size", "reference forces of", _shown(by_size)),
        PartGroup("forces_angle", "angle of", turned),
    ]
    if len(elements) > 1:
        by_element = mean_of_parts(*both, frame, elements, groups=errors.groups)
        groups.insert(0, PartGroup("forces_by_element", "element", _shown(by_element)))
    return groups


def _kinds(errors: ErrorSummary, compared: ComparedFrames) -> dict[str, BoolArray]:
    """Kinds of frames by ``config_type``, temperature, and size of their forces.

    A kind that has all frames is no part, and one of a few frames has no interval.
    """
    kinds: dict[str, BoolArray] = {}
    if compared.config_types is not None:
        own = compared.config_types[errors.frames]
        kinds |= {f"config_type {kind}": own == kind for kind in np.unique(own) if kind}
    if compared.temperatures is not None:
        kinds |= _tenths(compared.temperatures[errors.frames], "temperature", "K")
    if compared.labels.forces is not None:
        # The hot frames of data that do not state a temperature.
        kinds |= _tenths(_mean_sizes(compared)[errors.frames], "mean force", "eV/Å")
    n_frames = len(errors.frames)
    return {name: own for name, own in kinds.items() if MIN_FRAMES <= own.sum() < n_frames}


def _by_kind(
    errors: ErrorSummary, references: FloatArray, kinds: Mapping[str, BoolArray]
) -> PartGroup:
    parts = mean_of_parts(
        errors.frame_errors,
        references,
        np.arange(len(errors.frames)),
        kinds,
        errors.frame_counts.astype(np.float64),
        errors.groups,
    )
    return PartGroup(f"{errors.quantity}_by_kind", "frames with", _shown(parts))


def _tenths(values: FloatArray, what: str, unit: str) -> dict[str, BoolArray]:
    """The half with the smaller values, the four tenths above it, and the tenth above those."""
    known = np.isfinite(values)
    if not known.any():
        return {}
    middle, high = np.quantile(values[known], [0.5, _TENTH])
    if not values[known].min() < middle < high:
        return {}
    return {
        f"{what} from {high:.4g} {unit} (a tenth)": known & (values >= high),
        f"{what} {middle:.4g} to {high:.4g} {unit}": known & (values >= middle) & (values < high),
        f"{what} below {middle:.4g} {unit}": known & (values < middle),
    }


def _quantile(errors: ErrorSummary, references: FloatArray) -> PartGroup:
    found = quantile_of_frames(errors.frame_errors, QUANTILE, errors.groups)
    # The error without a model of all frames: the frames of the quantile are not known by name.
    weights = errors.frame_counts / errors.frame_counts.sum()
    part = Part("the best 95 % of the frames", found, errors.n_frames, float(references @ weights))
    return PartGroup(f"{errors.quantity}_p95", "largest error of", _shown((part,)), "error")


def _worst_frame(
    errors: ErrorSummary, compared: ComparedFrames, references: FloatArray
) -> PartGroup:
    parts = tuple(
        Part(str(index), Statistic(error, None), 1, reference)
        for index, error, reference in zip(
            compared.indices[errors.frames].tolist(),
            errors.frame_errors.tolist(),
            references.tolist(),
            strict=True,
        )
    )
    quantity = f"{errors.quantity}_worst_frame"
    return PartGroup(quantity, "frame", _shown(parts), "error", single=True)


def _stress_parts(errors: ErrorSummary) -> list[PartGroup]:
    """The pressure, and what shears: a small shear does not show in the mean of all components."""
    reference = errors.reference.reshape(-1, 6)
    difference = np.abs(errors.predicted.reshape(-1, 6) - reference)
    frame = np.arange(len(reference))
    groups = []
    for quantity, columns, what in (
        ("stress_diagonal", slice(0, 3), "xx, yy and zz"),
        ("stress_shear", slice(3, 6), "yz, xz and xy"),
    ):
        own = reference[:, columns]
        constant = np.abs(own - np.median(own, axis=0)).mean(axis=1)
        zero = np.abs(own).mean(axis=1)
        without = constant if constant.mean() < zero.mean() else zero
        parts = mean_of_parts(
            difference[:, columns].mean(axis=1),
            without,
            frame,
            {what: np.full(len(frame), True)},
            groups=errors.groups,
        )
        groups.append(PartGroup(quantity, "components", _shown(parts)))
    return groups


def _without_model(errors: ErrorSummary, without_model: float | None) -> FloatArray:
    """Error without a model of each frame: of its own forces, or the mean one of the energies."""
    if errors.quantity == "forces":
        ends = np.cumsum(errors.frame_counts)[:-1]
        return np.array([np.abs(own).mean() for own in np.split(errors.reference, ends)])
    return np.full(len(errors.frames), without_model or 0.0)


def _mean_sizes(compared: ComparedFrames) -> FloatArray:
    """Mean length of the reference forces of each frame in eV/Å; NaN without labels."""
    sizes = np.linalg.norm(np.asarray(compared.labels.forces), axis=1)
    frames = compared.frames
    sums = np.bincount(frames.frame_of_atom, weights=sizes, minlength=len(frames))
    return np.asarray(sums / frames.n_atoms)


def _shown(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Parts in meV instead of eV."""
    return tuple(
        replace(
            part,
            error=part.error.times(MEV_PER_EV),
            without_model=MEV_PER_EV * part.without_model,
        )
        for part in parts
    )
