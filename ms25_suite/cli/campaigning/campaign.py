"""``ms25 campaign``: many trainings and judgements from one file, here or on a cluster."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.cli.campaigning.tables import print_outcome, print_plan, print_status
from ms25_suite.core.errors import CampaignError, Ms25Error
from ms25_suite.core.text.shown import shown

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from ms25_suite.campaign.opening import OpenedCampaign
    from ms25_suite.campaign.row import Row

__all__ = ["add_parser", "run"]

_MOST_IN_ONE: Final = 100
"""Most runs of which the page with every verdict is written: it holds a row for each number."""

_DESCRIPTION: Final = """\
Trainings and judgements of many potentials, from one file.

    ms25 campaign list             campaigns that the suite brings
    ms25 campaign plan tour        its tasks, what they cost, and what is done already
    ms25 campaign run tour         do what is not done; goes on after any interruption
    ms25 campaign status tour      from another shell, at any time
    ms25 campaign report tour      one report of what is there
    ms25 campaign retry tour --failed

What is done lies in the cache (MS25_CACHE_DIR), and is never done twice. Logs and the report are in
the folder NAME.campaign. `ms25 docs campaign` says how to use a cluster.
"""


def add_parser(subparsers: _SubParsersAction[Any]) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "campaign",
        help="many trainings and judgements from one file, here or on a cluster",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="list the campaigns that the suite brings")
    plan = _add(actions, "plan", "show the tasks, their cost, and what is done")
    plan.add_argument(
        "--array",
        metavar="DIR",
        type=Path,
        help="write a manifest and scripts for job arrays of Slurm into this folder",
    )
    plan.add_argument("--rows", action="store_true", help="show each task, and not their numbers")
    _add(actions, "run", "do all tasks that are not done")
    status = _add(actions, "status", "show what is done, runs, waits and failed")
    status.add_argument("--rows", action="store_true", help="show each task, and not their numbers")
    report = _add(actions, "report", "write one report of what is judged so far")
    report.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="folder of the report (default: NAME.campaign/report)",
    )
    retry = _add(actions, "retry", "forget that tasks failed, and run the campaign")
    retry.add_argument("--failed", action="store_true", help="only tasks that failed")
    task = _add(actions, "task", "do one task; this is what workers run")
    task.add_argument("row", metavar="ROW", help="number of the task in the plan, or its key")
    probe = actions.add_parser("probe", help="say what a worker sees; this is what workers run")
    probe.add_argument("token", metavar="FILE", type=Path)
    probe.add_argument("architectures", metavar="ARCH", nargs="*")


def _add(
    actions: _SubParsersAction[argparse.ArgumentParser], name: str, text: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=text)
    parser.add_argument(
        "campaign",
        metavar="FILE",
        help="TOML file, or a campaign of the suite (ms25 campaign list)",
    )
    parser.add_argument(
        "--folder",
        metavar="DIR",
        type=Path,
        help="folder of logs and report (default: NAME.campaign in the working folder)",
    )
    return parser


def run(args: argparse.Namespace) -> int:
    """Run an action.

    Returns
    -------
    int
        1 if a task failed, else 0.

    Raises
    ------
    CampaignError
        The campaign is invalid, or cannot be run.
    """
    actions = {
        "list": _list,
        "plan": _plan,
        "run": _run,
        "status": _status,
        "report": _report,
        "retry": _retry,
        "task": _task,
        "probe": _probe,
    }
    return actions[args.action](args)


def _opened(args: argparse.Namespace) -> tuple[OpenedCampaign, Path]:
    from ms25_suite.campaign.opening import open_campaign

    opened = open_campaign(args.campaign)
    return opened, opened.folder(args.folder)


def _list(args: argparse.Namespace) -> int:
    del args
    from ms25_suite.campaign.opening import builtin_campaigns

    found = builtin_campaigns()
    width = max(map(len, found))
    for name, title in found.items():
        print(f"{name:<{width}}  {title}")
    return 0


def _plan(args: argparse.Namespace) -> int:
    from ms25_suite.campaign.costs import Costs
    from ms25_suite.campaign.engines.array import write_array
    from ms25_suite.campaign.journal import CampaignFolder
    from ms25_suite.campaign.rows import campaign_rows, open_datasets
    from ms25_suite.campaign.store import open_store

    opened, folder = _opened(args)
    datasets = open_datasets(opened.card)
    rows = campaign_rows(opened.card, datasets)
    store, files = open_store(), CampaignFolder(folder)
    done = store.done(rows)
    costs = Costs(opened.card, datasets, rows, files.history().took)
    print_plan(opened, rows, done, costs, each=args.rows)
    if args.array is not None:
        files.write_plan(opened.content, rows)
        script = write_array(opened, rows, done, args.array, folder)
        print(shown(f"submit all with: sh {script}"))
    return 0


def _run(args: argparse.Namespace) -> int:
    from ms25_suite.campaign.run import run_campaign

    opened, folder = _opened(args)
    return print_outcome(run_campaign(opened, folder), args.campaign, folder)


def _retry(args: argparse.Namespace) -> int:
    from ms25_suite.campaign.journal import CampaignFolder
    from ms25_suite.campaign.run import run_campaign

    opened, folder = _opened(args)
    files = CampaignFolder(folder)
    failed = set(files.history().failed())
    if args.failed and not failed:
        print("no task failed")
        return 0
    for key in sorted(failed):
        files.add("forgotten", key)
    only = (lambda row: row.key in failed) if args.failed else None
    return print_outcome(run_campaign(opened, folder, only=only), args.campaign, folder)


def _status(args: argparse.Namespace) -> int:
    from ms25_suite.campaign.journal import CampaignFolder
    from ms25_suite.campaign.status import campaign_status, known_rows
    from ms25_suite.campaign.store import open_store

    opened, folder = _opened(args)
    files = CampaignFolder(folder)
    statuses = campaign_status(known_rows(opened, files), files, open_store())
    print_status(statuses, each=args.rows)
    return int(any(one.state == "failed" for one in statuses))


def _report(args: argparse.Namespace) -> int:
    from ms25_suite.campaign.description import described
    from ms25_suite.campaign.journal import CampaignFolder
    from ms25_suite.campaign.paper import write_paper_report
    from ms25_suite.campaign.status import campaign_status, known_rows
    from ms25_suite.campaign.store import open_store
    from ms25_suite.report import load_results, write_report

    opened, folder = _opened(args)
    files, store = CampaignFolder(folder), open_store()
    rows = known_rows(opened, files)
    results = store.results(rows)
    if not results:
        msg = f"nothing is judged yet: run `ms25 campaign run {args.campaign}`"
        raise CampaignError(msg)
    out = args.out or folder / "report"
    statuses = campaign_status(rows, files, store)
    title = opened.card.title or opened.name
    page = write_paper_report(results, out, title=title, campaign=described(opened, statuses))
    print(shown(f"report: {page}"))
    if len(results) > _MOST_IN_ONE:
        print(f"every verdict of {len(results)} runs is in the cache: too many for one page")
        return 0
    description, judged = load_results(results)
    print(shown(f"verdicts: {write_report(out / 'verdicts', description, judged).html}"))
    return 0


def _task(args: argparse.Namespace) -> int:
    from ms25_suite.campaign.journal import CampaignFolder
    from ms25_suite.campaign.status import known_rows
    from ms25_suite.campaign.store import open_store
    from ms25_suite.campaign.task import TOLD, run_row

    opened, folder = _opened(args)
    files = CampaignFolder(folder)
    row = _found(known_rows(opened, files), args.row)
    store = open_store()
    if not store.is_done(row.key):
        files.add("started", row.key)
    start = time.monotonic()
    try:
        resources = opened.card.resources_of(row.resources)
        computed = run_row(row, resources, store, files.log(row))
    except (Ms25Error, OSError) as error:
        reason = str(error) if isinstance(error, Ms25Error) else f"cannot read or write: {error}"
        files.add("failed", row.key, reason=reason)
        print(TOLD + json.dumps({"failed": reason}))
        print(f"ms25: {shown(row.title)}: {reason}", file=sys.stderr)
        return 1
    seconds = round(time.monotonic() - start, 2)
    files.add("done", row.key, **({"seconds": seconds} if computed else {}))
    print(TOLD + json.dumps({"computed": computed, "seconds": seconds if computed else 0}))
    return 0


def _found(rows: list[Row], text: str) -> Row:
    for row in rows:
        if text in (row.key, str(row.number)):
            return row
    msg = f"there is no task {text!r}: expected a number from 1 to {len(rows)}, or a key"
    raise CampaignError(msg)


def _probe(args: argparse.Namespace) -> int:
    from ms25_suite.campaign.engines.probe import probe

    print(probe(args.token, args.architectures))
    return 0
