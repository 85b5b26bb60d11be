"""What ``ms25 campaign`` prints."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ms25_suite.core.text.shown import shown

if TYPE_CHECKING:
    from rich.console import Console

    from ms25_suite.campaign.costs import Costs
    from ms25_suite.campaign.opening import OpenedCampaign
    from ms25_suite.campaign.parent import Outcome
    from ms25_suite.campaign.row import Row
    from ms25_suite.campaign.status import RowStatus

__all__ = ["print_outcome", "print_plan", "print_status"]

_MOST_SHOWN: Final = 30
_WIDTH: Final = 160


def _console() -> Console:
    from rich.console import Console

    # A table that is piped into a file must not be folded at 80 columns.
    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> None:
    """Print a table, of which the first columns are texts and the others numbers."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    _console().print(table)


def print_plan(
    opened: OpenedCampaign, rows: Sequence[Row], done: set[str], costs: Costs, *, each: bool
) -> None:
    """Print the tasks of a campaign: their cost, and what is done.

    Parameters
    ----------
    opened
        The campaign.
    rows
        Its tasks.
    done
        Keys of those that are done.
    costs
        Estimates.
    each
        Whether each task has a line.
    """
    from ms25_suite.campaign.walltime import hours

    found = {row.key: costs.of(row) for row in rows}
    if each:
        lines = [
            (
                str(row.number),
                row.title,
                "done" if row.key in done else "",
                _time(found[row.key].seconds),
                found[row.key].source,
            )
            for row in rows
        ]
        _print_table(("row", "task", "state", "cost", "measured as"), lines, 3)
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.kind, row.architecture, row.dataset_name), []).append(row)
    table = []
    for (kind, architecture, dataset), members in groups.items():
        todo = [found[row.key] for row in members if row.key not in done]
        known = [cost.seconds for cost in todo if cost.seconds is not None]
        memory = [cost.memory_mb for cost in todo if cost.memory_mb is not None]
        cost = "-" if not todo else _time(sum(known) if known else None)
        if 0 < len(known) < len(todo):
            cost += f" + {len(todo) - len(known)} not measured"
        table.append(
            (
                *(kind, architecture, dataset, str(len(members)), str(len(members) - len(todo))),
                *(cost, f"{max(memory) / 1024:.1f} GiB" if memory else ""),
            )
        )
    if not each:
        columns = ("task", "architecture", "dataset", "tasks", "done", "left to do", "memory")
        _print_table(columns, table, 3)
    todo = [found[row.key] for row in rows if row.key not in done]
    known = [cost.seconds for cost in todo if cost.seconds is not None]
    title = opened.card.title or opened.name
    print(shown(f"{title}: {len(rows)} tasks, {len(rows) - len(todo)} done"))
    if not todo:
        return
    unknown = len(todo) - len(known)
    unmeasured = "left: not known, no task like these was measured yet"
    text = f"left: {hours(sum(known))} of one core" if known else unmeasured
    print(text + (f", and {unknown} tasks of which none was measured" if known and unknown else ""))
    for source, number in Counter(cost.source for cost in todo if cost.seconds).items():
        print(f"  {number} tasks as measured by {source}")


def _time(seconds: float | None) -> str:
    from ms25_suite.campaign.walltime import hours

    return "not measured" if seconds is None else hours(seconds)


def print_status(statuses: Sequence[RowStatus], *, each: bool) -> None:
    """Print the state of a campaign, by architecture and dataset or task by task."""
    from ms25_suite.campaign.status import STATES, counts
    from ms25_suite.campaign.walltime import hours

    if each:
        lines = [(str(one.row.number), one.row.title, one.state, one.reason) for one in statuses]
        _print_table(("row", "task", "state", "reason"), lines, 4)
    else:
        table = [
            (*key, *(str(number[state] or "") for state in STATES))
            for key, number in counts(statuses).items()
        ]
        _print_table(("architecture", "dataset", *STATES), table, 2)
    for one in [one for one in statuses if one.state == "running"][:_MOST_SHOWN]:
        since = "" if one.since is None else f" for {hours(time.time() - one.since)}"
        print(shown(f"running{since}: {one.row.title}"))
    failed = [(one.row, one.reason, one.log) for one in statuses if one.state == "failed"]
    _print_failed(failed)
    total = Counter(one.state for one in statuses)
    print(", ".join(f"{total[state]} {state}" for state in STATES if total[state]))


def _print_failed(failed: Sequence[tuple[Row, str, Path | None]]) -> None:
    for row, reason, log in failed[:_MOST_SHOWN]:
        print(shown(f"failed: row {row.number}, {row.title}: {reason}"))
        if log is not None and log.is_file():
            print(shown(f"  log: {log}"))
    if len(failed) > _MOST_SHOWN:
        print(f"and {len(failed) - _MOST_SHOWN} more that failed: --rows shows all")


def print_outcome(outcome: Outcome, spec: str, folder: Path) -> int:
    """Print how a run ended, and what to do.

    Returns
    -------
    :
        Exit code: 1 if something is not done.
    """
    from ms25_suite.campaign.journal import CampaignFolder

    files = CampaignFolder(folder)
    failed: Mapping[Row, str] = outcome.failed
    _print_failed([(row, reason, files.log(row)) for row, reason in failed.items()])
    print(f"{outcome.done} of {outcome.total} tasks are done, {outcome.computed} in this run")
    if outcome.blocked:
        print(f"{len(outcome.blocked)} tasks need one that failed")
    if outcome.done:
        print(shown(f"report: ms25 campaign report {spec}"))
    if failed:
        print(shown(f"when the reason is mended: ms25 campaign retry {spec} --failed"))
    return int(outcome.done < outcome.total)
