"""``ms25 baseline``: look at accepted numbers, compare others with them, accept others."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ms25_suite.baseline.allowances import Allowances, parse_rules
from ms25_suite.baseline.document import Accepted, Baseline
from ms25_suite.cli.comparing.accuracy import (
    compare_numbers,
    exit_code,
    print_differences,
    read_numbers,
)
from ms25_suite.core.errors import UsageError
from ms25_suite.core.text.shown import shown

if TYPE_CHECKING:
    from argparse import _SubParsersAction

__all__ = ["add_parser", "run"]

_DESCRIPTION = """\
Baselines are numbers that a person has accepted. A run is compared with them by --ms25-baseline.

    pytest --mlip=model.pt --dataset=hea --ms25-save-baseline=baseline.json
    ms25 baseline show baseline.json
    ms25 baseline diff baseline.json reports
    ms25 baseline update baseline.json reports --reason "trained on twice as many frames"
"""


def add_parser(subparsers: _SubParsersAction[Any]) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "baseline",
        help="show, compare and update accepted numbers",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="action", required=True)
    show = commands.add_parser("show", help="print the numbers, and where they come from")
    show.add_argument("file", metavar="FILE", type=Path, help="baseline")
    diff = commands.add_parser("diff", help="compare a run or another baseline with it")
    diff.add_argument("file", metavar="FILE", type=Path, help="baseline")
    diff.add_argument(
        "other", metavar="RUN", type=Path, help="report folder, results.json, or baseline"
    )
    diff.add_argument(
        "--fail-if",
        metavar="WHAT:AMOUNT",
        action="append",
        default=[],
        help="how much worse a number may be, as --ms25-fail-if",
    )
    diff.add_argument(
        "--format", choices=("text", "csv", "json"), default="text", help="default: %(default)s"
    )
    update = commands.add_parser("update", help="accept the numbers of a run")
    update.add_argument("file", metavar="FILE", type=Path, help="baseline; may be new")
    update.add_argument(
        "other", metavar="RUN", type=Path, help="report folder, results.json, or baseline"
    )
    update.add_argument("--reason", required=True, help="why they are accepted")
    update.add_argument(
        "--only",
        metavar="CRITERION",
        action="append",
        default=[],
        help="accept only the numbers of this criterion; may be given several times",
    )


def run(args: argparse.Namespace) -> int:
    """Do what was asked for.

    Returns
    -------
    int
        1 if ``diff`` finds a number that is worse by more than is allowed, 5 if it finds none and
        one that cannot be compared, else 0.

    Raises
    ------
    Ms25Error
        A file is no baseline and no run, or has no such numbers.
    """
    return {"show": _show, "diff": _diff, "update": _update}[args.action](args)


def _show(args: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ms25_suite.report.wording import pretty_unit, quantity_text, value_text

    found = Baseline.read(args.file)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    for place, accepted in enumerate(found.accepted):
        for line in _where_from(place, accepted):
            console.print(shown(line), markup=False, soft_wrap=True)
    groups = dict.fromkeys((e.criterion, e.test_dataset, e.potential) for e in found.numbers)
    # The run is named only where there are several.
    runs = ["run"] if len(found.accepted) > 1 else []
    for group in groups:
        title = Text(shown(f"{group[0]}: {group[1]} · {group[2]}"))
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        table.add_column("quantity", overflow="fold")
        for name in ("value", "95 % interval", "unit", "frames", *runs):
            right = name in ("value", "frames", "run")
            table.add_column(name, justify="right" if right else "left", no_wrap=True)
        for entry in found.numbers:
            if (entry.criterion, entry.test_dataset, entry.potential) != group:
                continue
            cells = (
                quantity_text(entry.quantity, entry.metric),
                *value_text(entry.value, entry.interval),
                pretty_unit(entry.unit),
                f"{entry.n_frames or ''}{'' if entry.sample is None else ' *'}",
                *([str(entry.accepted + 1)] if runs else []),
            )
            table.add_row(*(Text(shown(cell)) for cell in cells))
        console.print(table)
    console.print("* with the errors of single frames: compared frame by frame")
    return 0


def _where_from(place: int, accepted: Accepted) -> list[str]:
    run = accepted.run
    lines = [f"run {place + 1}, accepted {accepted.date}: {accepted.reason or 'no reason given'}"]
    lines += [
        f"  potential {one.name}, {one.architecture or 'unknown architecture'}, sha256 "
        f"{(one.sha256 or 'unknown')[:12]}"
        for one in run.potentials
    ]
    lines += [
        f"  dataset {one.name}, tier {one.tier}, sha256 {(one.sha256 or 'unknown')[:12]}"
        for one in run.datasets
    ]
    machine = "" if run.machine is None else f", {run.machine.n_cpu} cores of {run.machine.cpu}"
    lines.append(
        f"  ms25-suite {run.suite_version}, device {run.device}, dtype {run.dtype}{machine}"
    )
    return lines


def _diff(args: argparse.Namespace) -> int:
    allowances = Allowances.default().with_rules(parse_rules(args.fail_if))
    base, other = Baseline.read(args.file), read_numbers(args.other)
    found = compare_numbers((args.file, base), (args.other, other), allowances)
    print_differences([found], args.format)
    return exit_code([found])


def _update(args: argparse.Namespace) -> int:
    if not args.reason.strip():
        msg = "--reason: say why these numbers are accepted; who reads the file later wants to know"
        raise UsageError(msg)
    new = read_numbers(args.other)
    numbers = tuple(one for one in new.numbers if not args.only or one.criterion in args.only)
    if not numbers:
        known = ", ".join(dict.fromkeys(one.criterion for one in new.numbers))
        msg = f"--only={','.join(args.only)}: {args.other} has only numbers of {known}"
        raise UsageError(msg)
    date = datetime.now(UTC).isoformat(timespec="seconds")
    new = Baseline(
        schema=new.schema,
        accepted=tuple(
            Accepted(date=date, reason=args.reason.strip(), run=one.run) for one in new.accepted
        ),
        numbers=numbers,
    )
    merged = Baseline.read(args.file).updated(new) if args.file.exists() else new
    merged.write(args.file)
    kept = len(merged.numbers) - len(numbers)
    print(shown(f"{args.file}: {len(numbers)} numbers accepted, {kept} kept"))
    return 0
