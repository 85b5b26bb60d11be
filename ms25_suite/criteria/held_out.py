"""Test frames that a potential has not seen in its training."""

from __future__ import annotations

import numpy as np

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import IntArray
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.consistency import level_of_theory_mismatch
from ms25_suite.potentials.potential import Potential

__all__ = ["unseen_frames", "unseen_set"]


def unseen_set(potential: Potential, dataset: Dataset) -> int:
    """Number of the set to judge on.

    It is the set that the potential's manifest names if it was trained on this dataset, else 1.
    """
    manifest = potential.manifest
    if manifest is None or manifest.data.set is None or manifest.data.sha256 != dataset.sha256:
        return 1
    number = manifest.data.set
    return number if 1 <= number <= dataset.splits.n_sets else 1


def unseen_frames(potential: Potential, dataset: Dataset) -> tuple[IntArray, tuple[Finding, ...]]:
    """Test frames to judge a potential on, and what a person should know of them.

    A manifest of the suite lists the frames that the potential was trained on or chosen by. They
    are left out wherever they come from: another file with the same frames, another split.
    For a potential without a manifest, the frames that it was trained on are unknown.

    Returns
    -------
    :
        Indices of the frames in the dataset, shape ``(n_frames,)``, and remarks.

    Raises
    ------
    DatasetError
        The potential has seen all test frames.
    """
    indices = dataset.splits.test(set=unseen_set(potential, dataset))
    remarks = []
    manifest = potential.manifest
    seen = {bytes.fromhex(digest) for digest in (manifest.seen_frames if manifest else ())}
    if seen:
        fingerprints = dataset.frames.select(indices).fingerprints()
        fresh = np.array([digest not in seen for digest in fingerprints])
        if not fresh.any():
            msg = (
                f"the potential {potential.name} was trained on all {len(indices)} test frames of "
                f"{dataset.name}: nothing is left to judge it on. Give frames that it has not seen"
            )
            raise DatasetError(msg)
        if not fresh.all():
            message = (
                f"{int((~fresh).sum())} of {len(indices)} test frames are left out: the potential "
                "was trained on them or chosen by them"
            )
            remarks.append(Finding("seen-frames", message))
            indices = indices[fresh]
    trained_on = (manifest.data.level_of_theory if manifest else None) or ""
    mismatch = level_of_theory_mismatch(trained_on, dataset.card.level_of_theory)
    if mismatch is not None:
        remarks.append(mismatch)
    return indices, tuple(remarks)
