"""The members of a committee on the test frames that none of them has seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ms25_suite.core.errors import DatasetError
from ms25_suite.core.findings import Finding
from ms25_suite.criteria.comparison import ComparedFrames
from ms25_suite.criteria.held_out import on_common_frames
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.potentials.potential import Potential

__all__ = ["CommitteePredictions", "OpenCommittee", "predict_committee"]


@dataclass(frozen=True, slots=True, eq=False)
class OpenCommittee:
    """Potentials that are judged as one.

    Parameters
    ----------
    name
        Name for reports.
    potentials
        The members by name.
    """

    name: str
    potentials: Mapping[str, Potential]


@dataclass(frozen=True, slots=True, eq=False)
class CommitteePredictions:
    """A committee on the test frames that none of its members has seen.

    Parameters
    ----------
    committee
        The potentials.
    members
        Labels and predictions by member, all of the same frames.
    remarks
        What the frames are.
    """

    committee: OpenCommittee
    members: Mapping[str, ComparedFrames]
    remarks: tuple[Finding, ...] = ()


def predict_committee(
    committee: OpenCommittee,
    dataset: Dataset,
    predict: Callable[[Potential, Dataset], ComparedFrames],
) -> CommitteePredictions:
    """Predict the test frames that no member of a committee has seen, with each of them.

    Raises
    ------
    DatasetError
        There is no such frame.
    PotentialError
        A member cannot predict them.
    """
    points = {name: predict(potential, dataset) for name, potential in committee.potentials.items()}
    common = on_common_frames(points)
    if not common:
        msg = (
            f"no test frame of {dataset.name} is unseen by all members of {committee.name}: each "
            "was trained on another part of them. Give frames that none of them has seen"
        )
        raise DatasetError(msg)
    n = len(next(iter(common.values())).indices)
    most = max(len(point.indices) for point in points.values())
    remarks = []
    if n < most:
        message = f"{n} of {most} test frames are unseen by all {len(points)} members"
        remarks.append(Finding("common-frames", message, "note"))
    return CommitteePredictions(committee, common, tuple(remarks))
