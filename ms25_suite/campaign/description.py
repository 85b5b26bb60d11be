"""A campaign as its report needs it: what was planned, and why something is not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from ms25_suite.campaign.opening import OpenedCampaign
from ms25_suite.campaign.status import RowStatus

__all__ = ["described"]

_WHAT: Final = {"train": "training", "judge": "judging", "series": "judging"}


def described(opened: OpenedCampaign, statuses: Sequence[RowStatus]) -> dict[str, Any]:
    """Plain table for `ms25_suite.campaign.paper.write_paper_report`.

    Parameters
    ----------
    opened
        The campaign.
    statuses
        State of each of its tasks.
    """
    rows = [one.row for one in statuses]
    trained = [row for row in rows if row.kind == "train"]
    done = sum(one.state == "done" for one in statuses)
    return {
        "name": opened.name,
        "datasets": _distinct(row.dataset_name for row in rows),
        "architectures": _distinct(row.architecture for row in trained),
        "sizes": sorted(_distinct(row.n for row in trained)),
        "sets": sorted(_distinct(row.set for row in trained)),
        "tasks": [_task(one) for one in statuses],
        "facts": {"tasks": f"{done} of {len(statuses)} are done"},
    }


def _task(status: RowStatus) -> dict[str, Any]:
    row = status.row
    return {
        "dataset": row.dataset_name,
        "architecture": row.architecture,
        "n": row.n,
        "set": row.set,
        "what": _WHAT[row.kind],
        "state": status.state,
        "reason": status.reason,
    }


def _distinct(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(value for value in values if value is not None))
