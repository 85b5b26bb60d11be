"""How far test frames are from the frames of the training, and the errors near and far."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, TypeVar

import numpy as np

from ms25_suite.core.details import DistanceBinDetails, DistanceDetails
from ms25_suite.core.findings import Finding, frame_list
from ms25_suite.core.frames import BoolArray, Frames, IntArray
from ms25_suite.core.units import MEV_PER_EV, QUANTITY_UNITS
from ms25_suite.datasets.audit.pairs import pairs
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.errors import ErrorSummary
from ms25_suite.metrics.novelty.curve import DistanceBin, error_by_distance
from ms25_suite.metrics.novelty.frames import NEAR, FrameDistances, KnownFrames
from ms25_suite.potentials.potential import Potential

__all__ = ["TrainingDistances", "describe_distances", "distance_remarks", "frames_of_training"]

T = TypeVar("T")

_MOST_OF_THEM: Final = 0.9
"""Part of the frames of a training that must be there."""

_MANY: Final = 0.1
"""Part of the test frames that is near, above which their mean error is likely to be too small."""


def frames_of_training(potential: Potential, dataset: Dataset) -> IntArray | None:
    """Indices of the frames of a dataset that a potential was trained on or chosen by.

    Parameters
    ----------
    potential
        The potential, with the manifest of its training.
    dataset
        Dataset that it was trained on.

    Returns
    -------
    :
        Shape ``(n,)``; None if the potential was trained elsewhere: fewer than nine of ten of its
        frames are in this dataset.
    """
    seen = set() if potential.manifest is None else set(potential.manifest.seen_frames)
    if not seen:
        return None
    prints = [digest.hex() for digest in dataset.frames.fingerprints()]
    # With part of the frames, others would seem far which are not. A few are lost where a file was
    # written again: rounding changes one fingerprint of some hundred atoms in ten.
    if len(seen & set(prints)) < _MOST_OF_THEM * len(seen):
        return None
    return np.flatnonzero([digest in seen for digest in prints])


class TrainingDistances:
    """Distances of test frames to the frames of a training, measured once for each pair."""

    _KEPT: Final = 8

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, KnownFrames | None] = OrderedDict()
        self._found: OrderedDict[Hashable, FrameDistances | None] = OrderedDict()

    def __call__(self, potential: Potential, own: Dataset, frames: Frames) -> FrameDistances | None:
        """Distances of frames to those of a training.

        Parameters
        ----------
        potential
            The potential.
        own
            Dataset that it was trained on.
        frames
            The frames.

        Returns
        -------
        :
            None if it is not known which frames it was trained on.
        """
        if potential.manifest is None or not potential.manifest.seen_frames:
            return None
        trained = (own.sha256, potential.manifest.seen_frames)
        key = (trained, frames.content_hash())
        if key not in self._found:
            if trained not in self._known:
                _keep(self._known, trained, self._open(potential, own), self._KEPT)
            known = self._known[trained]
            found = None if known is None else known.distances(frames, pairs)
            _keep(self._found, key, found, self._KEPT)
        return self._found[key]

    @staticmethod
    def _open(potential: Potential, own: Dataset) -> KnownFrames | None:
        indices = frames_of_training(potential, own)
        if indices is None or potential.manifest is None:
            return None
        n_all = max(len(set(potential.manifest.seen_frames)), len(indices))
        return KnownFrames.of(own.frames.select(indices), pairs, n_all)


def describe_distances(
    errors: ErrorSummary, distances: FrameDistances | None
) -> DistanceDetails | None:
    """Error of one quantity as a function of the distance; None if it is not known.

    Parameters
    ----------
    errors
        Errors of the quantity.
    distances
        Distances of all frames of the comparison.
    """
    if distances is None:
        return None
    own = distances.measured[errors.frames]
    if not own.any():
        return None
    return DistanceDetails(
        n_frames=int(own.sum()),
        n_near=int(distances.near[errors.frames].sum()),
        n_copies=int(distances.copies[errors.frames].sum()),
        n_known=distances.n_known,
        n_all_known=distances.n_all_known,
        typical=_finite(distances.typical),
        bins=tuple(map(_described, error_by_distance(errors, distances.values))),
    )


def distance_remarks(
    errors: ErrorSummary, distances: FrameDistances | None, indices: IntArray
) -> list[Finding]:
    """Findings on test frames that are near to frames of the training, with the errors there.

    Parameters
    ----------
    errors
        Errors of one quantity.
    distances
        Distances of all frames of the comparison; None if they are not known.
    indices
        Indices of these frames in their dataset, shape ``(n_frames,)``.
    """
    if distances is None:
        return []
    looked_at = distances.measured[errors.frames]
    remarks = []
    copies = looked_at & distances.copies[errors.frames]
    if copies.any():
        which = indices[errors.frames[copies]]
        text = (
            f"{_share(copies, looked_at, distances)} are frames of the training but for a "
            "rotation, a translation, the order of the atoms or the choice of the cell "
            f"({frame_list(which)}){_errors_on(errors, copies, looked_at)}. Leave them out"
        )
        remarks.append(Finding("leakage", text, frames=tuple(which.tolist())))
    near = looked_at & distances.near[errors.frames]
    if (near & ~copies).any():
        which = indices[errors.frames[near]]
        text = (
            f"{_share(near, looked_at, distances)} are near-duplicates: as near to a frame of the "
            f"training as its copy whose atoms are displaced by {NEAR:g} Å ({frame_list(which)})"
            f"{_errors_on(errors, near, looked_at)}. Leave out one of each pair, or divide the "
            "frames by trajectory (split=trajectory)"
        )
        many = near.sum() > _MANY * looked_at.sum()
        frames = tuple(which.tolist())
        remarks.append(Finding("leakage", text, "warning" if many else "note", frames))
    return remarks


def _share(chosen: BoolArray, looked_at: BoolArray, distances: FrameDistances) -> str:
    n = int(looked_at.sum())
    of = "the test frames" if looked_at.all() else f"{n} test frames that were looked at"
    known = ""
    if distances.n_known < distances.n_all_known:
        known = f", {distances.n_known} of {distances.n_all_known} training frames"
    count = int(chosen.sum())
    return f"{100 * count / n:.2g} % of {of} ({count} of {n}{known})"


def _errors_on(errors: ErrorSummary, chosen: BoolArray, looked_at: BoolArray) -> str:
    """The errors on these frames and on the others, if there are others."""
    others = looked_at & ~chosen
    if not others.any():
        return ""
    unit = QUANTITY_UNITS[errors.quantity]
    weights = errors.frame_counts
    here, there = (
        MEV_PER_EV * float(np.average(errors.frame_errors[own], weights=weights[own]))
        for own in (chosen, others)
    )
    return f": their error is {here:.4g} {unit}, that of the others {there:.4g} {unit}"


def _described(one: DistanceBin) -> DistanceBinDetails:
    ends = one.error.interval
    return DistanceBinDetails(
        low=_finite(one.low),
        middle=_finite(one.middle),
        high=_finite(one.high),
        mae=MEV_PER_EV * one.error.value,
        interval=None if ends is None else (MEV_PER_EV * ends[0], MEV_PER_EV * ends[1]),
        n_frames=one.n_frames,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _keep(store: OrderedDict[Hashable, T], key: Hashable, value: T, most: int) -> None:
    store[key] = value
    while len(store) > most:
        store.popitem(last=False)
