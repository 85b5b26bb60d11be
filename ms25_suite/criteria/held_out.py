"""Test frames that a potential has not seen in its training, and its predictions for them."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial, reduce
from typing import TypeVar

import numpy as np

from ms25_suite.core.errors import DatasetError, NotJudgedError, PredictionError
from ms25_suite.core.fields import Align
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import IntArray
from ms25_suite.criteria.aligned import alignment_of
from ms25_suite.criteria.comparison import ComparedFrames
from ms25_suite.criteria.gaps import LabelGaps
from ms25_suite.criteria.inputs import input_findings
from ms25_suite.criteria.novelty import TrainingDistances
from ms25_suite.criteria.siblings import siblings_of_training
from ms25_suite.criteria.without_model import predict_without_model
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.conventions.offsets import level_of_theory_mismatch
from ms25_suite.potentials.potential import Potential

__all__ = ["HeldOutPredictions", "on_common_frames", "test_frames", "unseen_frames", "unseen_set"]

K = TypeVar("K", bound=Hashable)


def unseen_set(potential: Potential, dataset: Dataset) -> int:
    """Number of the set whose test frames are used.

    It is the set that the potential's manifest names if it was trained on this dataset, else 1.
    """
    manifest = potential.manifest
    # Test frames of another set may be training frames of this potential.
    if manifest is None or manifest.data.set is None or manifest.data.sha256 != dataset.sha256:
        return 1
    number = manifest.data.set
    return number if 1 <= number <= dataset.splits.n_sets else 1


def test_frames(potential: Potential, dataset: Dataset) -> IntArray:
    """Test frames of the division that a potential was trained by, or else of the card's.

    Returns
    -------
    :
        Indices of the frames in the dataset, shape ``(n_frames,)``.

    Raises
    ------
    DatasetError
        There are none.
    """
    manifest = potential.manifest
    splits = dataset.splits
    if manifest is not None and manifest.data.sha256 == dataset.sha256:
        # The card may divide otherwise by now; the frames that were seen are left out anyway.
        with suppress(DatasetError):
            splits = dataset.divided(manifest.data.split)
    return splits.test(set=unseen_set(potential, dataset))


def unseen_frames(potential: Potential, dataset: Dataset) -> tuple[IntArray, tuple[Finding, ...]]:
    """Test frames that a potential was not trained on, and findings about them.

    A manifest of the suite lists the frames that the potential was trained on or chosen by. They
    are left out wherever they come from: another file with the same frames, another split.
    Without a manifest the training frames are not known, and no frame is left out.

    Returns
    -------
    :
        Indices of the frames in the dataset, shape ``(n_frames,)``, and findings.

    Raises
    ------
    DatasetError
        The potential has seen all test frames.
    """
    indices = test_frames(potential, dataset)
    remarks = []
    manifest = potential.manifest
    # Fingerprints of training and of validation frames: the latter chose the epoch.
    seen = {bytes.fromhex(digest) for digest in (manifest.seen_frames if manifest else ())}
    if seen:
        fingerprints = dataset.frames.select(indices).fingerprints()
        fresh = np.array([digest not in seen for digest in fingerprints])
        if not fresh.any():
            msg = (
                f"the potential {potential.name} was trained on all {len(indices)} test frames of "
                f"{dataset.name}: no test frame is left. Give frames that it was not trained on"
            )
            raise DatasetError(msg)
        if not fresh.all():
            message = (
                f"{int((~fresh).sum())} of {len(indices)} test frames are left out: the potential "
                "was trained on them or chosen by them"
            )
            remarks.append(Finding("seen-frames", message))
            indices = indices[fresh]
    trained_on = manifest.level_of_head(potential.options.head) if manifest else ""
    mismatch = level_of_theory_mismatch(trained_on, dataset.card.level_of_theory)
    if mismatch is not None:
        remarks.append(mismatch)
    return indices, tuple(remarks)


_KEPT = 8
"""Comparisons that are kept: enough for a potential's own dataset and all frameworks."""


class HeldOutPredictions:
    """Predictions for held-out test frames, computed once for each potential and dataset.

    Several checks use the same ones, and not every potential has a cache on disk.

    Parameters
    ----------
    align
        Whether energies are judged without a constant for each element; None for what the card of
        each dataset says.
    """

    def __init__(self, align: Align | None = None) -> None:
        self._align = align
        self._known: OrderedDict[tuple[Hashable, ...], ComparedFrames] = OrderedDict()
        self._distances = TrainingDistances()

    def __call__(
        self, potential: Potential, dataset: Dataset, like: Dataset | None = None
    ) -> ComparedFrames:
        """Test frames of a dataset, their labels, and the predictions of a potential.

        Parameters
        ----------
        potential, dataset
            The potential, and the dataset.
        like
            Dataset that the potential was trained on: its training or validation frames give the
            constants of aligned energies, and are those that distances are measured to; by default
            the same.

        Raises
        ------
        DatasetError
            The potential has seen all test frames.
        PotentialError
            It cannot predict them; frames are numbered as in the dataset.
        """
        # The name too: the same file may be opened with another card, hence other splits.
        like = like or dataset
        align = self._align or like.card.align
        of = (like.name, like.sha256) if align == "element" else ()
        key = (potential, dataset.name, dataset.sha256, *of)
        if key not in self._known:
            compared = self._as_predicted(potential, dataset)
            if of:
                judged = compared.indices if like.sha256 == dataset.sha256 else _no_frames()
                number = unseen_set(potential, like)
                try:
                    compared = compared.aligned(alignment_of(potential, like, number, judged))
                except NotJudgedError as error:
                    # Forces and stresses are judged all the same.
                    compared = compared.without_energies(str(error))
            self._known[key] = compared
        self._known.move_to_end(key)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        compared = self._known[key]
        if like.sha256 == dataset.sha256:
            return compared
        # Not among what is kept: the same frames may be a partner of several datasets.
        measure = partial(self._distances, potential, like, compared.frames)
        return replace(compared, distances=measure)

    def _as_predicted(self, potential: Potential, dataset: Dataset) -> ComparedFrames:
        known = self._known.get((potential, dataset.name, dataset.sha256))
        if known is not None:
            return known
        found = _compare(potential, dataset)
        measure = partial(self._distances, potential, dataset, found.frames)
        return replace(found, distances=measure)


def on_common_frames(points: Mapping[K, ComparedFrames]) -> dict[K, ComparedFrames]:
    """Comparisons of several potentials, on the test frames that none of them has seen.

    Of different frames, errors would also differ because some are harder than others. Empty if
    there is no such frame.
    """
    common = reduce(np.intersect1d, (point.indices for point in points.values()))
    if len(common) == 0:
        return {}
    return {
        name: point if len(point.indices) == len(common) else point.only(common)
        for name, point in points.items()
    }


def _no_frames() -> IntArray:
    return np.zeros(0, dtype=np.int64)


def _compare(potential: Potential, dataset: Dataset) -> ComparedFrames:
    start = time.perf_counter()
    indices, remarks = unseen_frames(potential, dataset)
    frames, labels = dataset.part(indices)
    try:
        predictions = potential.predict(frames)
    except PredictionError as error:
        # From positions in this selection to numbers in the dataset, which the user can look up.
        error.frames = tuple(int(indices[frame]) for frame in error.frames)
        raise
    duration = time.perf_counter() - start
    if potential.cache_problem:
        remarks = (*remarks, Finding("cache", potential.cache_problem))
    remarks = (*remarks, *input_findings(potential, frames))
    return ComparedFrames(
        indices,
        frames,
        labels,
        predictions,
        duration,
        remarks,
        predict_without_model(dataset, frames),
        config_types=np.asarray(dataset.config_types)[indices],
        gaps=LabelGaps.of(dataset, labels),
        trajectories=dataset.groups(indices),
        siblings=siblings_of_training(potential, dataset, indices),
        temperatures=np.asarray(dataset.temperatures)[indices],
    )
