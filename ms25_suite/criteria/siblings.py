"""Test frames that are of the same trajectory as frames of the training."""

from __future__ import annotations

import numpy as np

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.findings import Finding
from ms25_suite.core.frames import BoolArray, IntArray
from ms25_suite.core.units import MEV_PER_EV, QUANTITY_UNITS
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.metrics.errors import ErrorSummary
from ms25_suite.potentials.potential import Potential

__all__ = ["siblings_of_training", "siblings_remark"]


def siblings_of_training(
    potential: Potential, dataset: Dataset, indices: IntArray
) -> BoolArray | None:
    """Which test frames have a frame of their trajectory among those of the training.

    Parameters
    ----------
    potential
        The potential, with the manifest of its training.
    dataset
        Dataset of the test frames.
    indices
        Indices of the test frames, shape ``(n_frames,)``.

    Returns
    -------
    :
        Shape ``(n_frames,)``; None if the potential was trained elsewhere, or no frame says which
        trajectory it is of.
    """
    data = None if potential.manifest is None else potential.manifest.data
    trajectories = np.asarray(dataset.trajectories)
    if data is None or data.sha256 != dataset.sha256 or (trajectories < 0).all():
        return None
    number = data.set or 1
    try:
        splits = dataset.divided(data.split)
        # Validation frames chose the epoch: they were seen too.
        known = [splits.train(data.n_train, set=number), splits.validation(set=number)]
    except DatasetError:
        # Divided otherwise than at the time of the training: which frames it saw is not known.
        return None
    seen = trajectories[np.concatenate(known)]
    return np.asarray(np.isin(trajectories[indices], seen[seen >= 0]))


def siblings_remark(errors: ErrorSummary, siblings: BoolArray | None) -> Finding | None:
    """Finding on frames whose trajectory was trained on, with the errors on these and on others.

    Parameters
    ----------
    errors
        Errors of one quantity.
    siblings
        Which of the compared frames they are, shape ``(n_frames,)``; None if not known.
    """
    if siblings is None or not (own := siblings[errors.frames]).any():
        return None
    share = f"{100 * own.mean():.0f} % of the test frames ({own.sum()} of {len(own)})"
    text = f"{share} are of a trajectory that the training has other frames of"
    if not own.all():
        unit = QUANTITY_UNITS[errors.quantity]
        kinds = errors.mae_by(np.where(siblings, "sibling", "new"))
        near, far = (MEV_PER_EV * kinds[kind][0] for kind in ("sibling", "new"))
        text += f": their error is {near:.4g} {unit}, that of the others {far:.4g} {unit}"
    advice = "For new simulations count errors on trajectories that are new: split=trajectory"
    return Finding("leakage", f"{text}. {advice}", "note")
