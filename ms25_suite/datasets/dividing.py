"""Dividing frames into training, validation and test frames."""

from __future__ import annotations

import numpy as np

from ms25_suite.core.errors import CardError, DatasetError
from ms25_suite.core.findings import frame_list
from ms25_suite.core.frames import BoolArray, IntArray
from ms25_suite.datasets.cards.splits import SplitsConfig
from ms25_suite.datasets.splits import (
    NO_ROLE,
    ROLE_CODES,
    UNKNOWN_ROLE,
    Splits,
    shuffled,
    train_sizes_of,
    without_labels,
)

__all__ = ["make_splits"]


def make_splits(
    config: SplitsConfig,
    roles: IntArray,
    where: str,
    complete: BoolArray | None = None,
    trajectories: IntArray | None = None,
) -> Splits:
    """Split frames by the card, else by the roles of the frames; else all are test frames.

    Where no frame is a test frame, but some are validation frames, those are the test frames.

    Parameters
    ----------
    config
        The table ``[splits]`` of the card.
    roles
        Role of each frame by `ROLE_CODES`, `NO_ROLE` or `UNKNOWN_ROLE`, shape ``(n_frames,)``.
        For files named by role it is the role of the file.
    where
        Name of the source, for messages.
    complete
        Whether each frame has all labels that a training needs, shape ``(n_frames,)``. Other frames
        are never training or validation frames; None if all have them. If no frame has them, it
        does not matter: nothing can be trained.
    trajectories
        Number of the trajectory of each frame, -1 where it is not known, shape ``(n_frames,)``.

    Raises
    ------
    CardError
        The card needs more frames than there are, or wants whole trajectories and none is known.
    DatasetError
        Only some frames have a role, or all are training frames.
    """
    n_frames = len(roles)
    if complete is None or not complete.any():
        complete = np.ones(n_frames, dtype=np.bool_)
    if config.train is not None:
        return _by_count(config, complete, where, trajectories)
    stated = roles != NO_ROLE
    if not stated.any():
        everything = np.arange(n_frames, dtype=np.int64)
        nothing = np.zeros(0, dtype=np.int64)
        return Splits(
            "no split was given: every frame is a test frame",
            n_frames,
            (),
            ((nothing, nothing, everything),),
        )
    _refuse_unclear(roles, where)
    # Stated roles fix the parts; sets differ only in the order in which training sizes grow.
    train, validation, test = (np.flatnonzero(roles == code).astype(np.int64) for code in range(3))
    as_test = len(test) == 0
    if as_test:
        # A file that was cut out of a larger set: held back from training at least.
        test, validation = validation, test
    left_out = int(np.count_nonzero(~complete[np.concatenate([train, validation])]))
    train, validation = train[complete[train]], validation[complete[validation]]
    parts = tuple(
        (train[shuffled(len(train), config.seed, number)], validation, test)
        for number in range(1, (config.sets or 1) + 1)
    )
    sizes = train_sizes_of(config, len(train), where)
    origin = "one file for each role" if config.files else "info key `split` of the frames"
    origin += "; no test frames, so the validation frames are" if as_test else ""
    return Splits(origin + without_labels(left_out), n_frames, sizes, parts, as_test)


def _by_count(
    config: SplitsConfig, complete: BoolArray, where: str, trajectories: IntArray | None
) -> Splits:
    n_frames, n_complete = len(complete), int(np.count_nonzero(complete))
    n_train = config.train or 0
    n_test = n_frames - n_train - config.validation if config.test is None else config.test
    total = n_train + config.validation + n_test
    if total > n_frames or n_test < 1:
        wanted = f"train = {n_train}, validation = {config.validation}"
        wanted += "" if config.test is None else f", test = {config.test}"
        msg = (
            f"{where}: [splits] needs {wanted}, but there are {n_frames} frames, and at "
            f"least one must be left to test on"
        )
        raise CardError(msg)
    if n_train + config.validation > n_complete:
        msg = (
            f"{where}: [splits] needs train = {n_train}, validation = {config.validation}, but "
            f"{n_complete} of {n_frames} frames have both energy and forces"
        )
        raise CardError(msg)
    n_sets = config.sets or 1
    if config.split == "trajectory":
        units = _known_trajectories(trajectories, where)
        return _by_trajectory(config, complete, where, units)
    parts = []
    for number in range(1, n_sets + 1):
        # A new permutation for each set: the paper's "Set 1" to "Set 3" are independent
        # repetitions.
        order = shuffled(n_frames, config.seed, number)
        # Frames that cannot be trained on are test frames like any other.
        train, validation, _ = np.split(
            order[complete[order]], [n_train, n_train + config.validation]
        )
        test = order[~np.isin(order, np.concatenate([train, validation]))][:n_test]
        parts.append((train, np.sort(validation), np.sort(test)))
    origin = f"{n_sets} random {'set' if n_sets == 1 else 'sets'}, seed {config.seed}"
    origin += without_labels(n_frames - n_complete)
    return Splits(origin, n_frames, train_sizes_of(config, n_train, where), tuple(parts))


def _known_trajectories(trajectories: IntArray | None, where: str) -> IntArray:
    """Number of the trajectory of each frame; frames without one are trajectories of their own."""
    if trajectories is None or (trajectories < 0).all():
        msg = (
            f"{where}: the split is by trajectory, but no frame says which trajectory it is of. "
            "Give the frames an info key `trajectory`, name the key that says it in a card "
            '(trajectory = "…"), or split by frames ([splits] split = "frame")'
        )
        raise CardError(msg)
    alone = trajectories < 0
    fresh = trajectories.max() + 1 + np.arange(int(alone.sum()))
    found = trajectories.copy()
    found[alone] = fresh
    return found


def _by_trajectory(
    config: SplitsConfig, complete: BoolArray, where: str, units: IntArray
) -> Splits:
    """Split whole trajectories. What is left of one that is needed in part only is not used."""
    n_frames, n_train = len(units), config.train or 0
    _, unit_of = np.unique(units, return_inverse=True)
    parts, unused = [], 0
    for number in range(1, (config.sets or 1) + 1):
        rank = np.empty(int(unit_of.max()) + 1, dtype=np.int64)
        rank[shuffled(len(rank), config.seed, number)] = np.arange(len(rank))
        # Frames in a random order of their trajectories, and at random within each.
        order = shuffled(n_frames, config.seed, number)
        order = order[np.argsort(rank[unit_of[order]], kind="stable")]
        train = order[complete[order]][:n_train]
        rest = order[~np.isin(unit_of[order], unit_of[train])]
        validation = rest[complete[rest]][: config.validation]
        rest = rest[~np.isin(unit_of[rest], unit_of[validation])]
        test = rest[: config.test]
        if min(len(train) - n_train, len(validation) - config.validation, len(test) - 1) < 0:
            msg = (
                f"{where}: [splits] needs train = {n_train}, validation = {config.validation} and "
                f"test frames, but the {len(rank)} trajectories of {n_frames} frames give "
                f"{len(train)}, {len(validation)} and {len(test)}: none may be in two parts"
            )
            raise CardError(msg)
        unused = max(unused, n_frames - len(train) - len(validation) - len(test))
        # Nested training sizes take the first ones: frames of all trajectories, not one after the
        # other.
        train = train[shuffled(len(train), config.seed, number)]
        parts.append((train, np.sort(validation), np.sort(test)))
    n_sets = len(parts)
    origin = f"{n_sets} random {'set' if n_sets == 1 else 'sets'} of whole trajectories"
    origin += f", seed {config.seed}"
    if unused and config.test is None:
        origin += f"; up to {unused} frames of trajectories that are cut are not used"
    origin += without_labels(n_frames - int(np.count_nonzero(complete)))
    return Splits(origin, n_frames, train_sizes_of(config, n_train, where), tuple(parts))


def _refuse_unclear(roles: IntArray, where: str) -> None:
    silent = [int(i) for i in np.flatnonzero(roles == NO_ROLE)]
    if silent:
        msg = (
            f"{where}: {len(roles) - len(silent)} of {len(roles)} frames have an info key `split`, "
            f"{frame_list(silent)} have none. Give it to all frames, or use [splits] in a card"
        )
        raise DatasetError(msg)
    unknown = [int(i) for i in np.flatnonzero(roles == UNKNOWN_ROLE)]
    if unknown:
        msg = (
            f"{where}: the info key `split` of {frame_list(unknown)} must be one of "
            f"{', '.join(ROLE_CODES)}. Correct it, or use [splits] in a card"
        )
        raise DatasetError(msg)
    if (roles == 0).all():
        msg = (
            f"{where}: all {len(roles)} frames are training frames by their info key `split`: "
            "judged by them, a potential only shows how well it remembers. Give test frames, or "
            "remove the key if no potential was trained on these frames"
        )
        raise DatasetError(msg)
