"""``ms25 data audit``: what can be wrong with datasets."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any, Final

from ms25_suite.cli.tier import add_tier_option, tier_of
from ms25_suite.core.errors import Ms25Error
from ms25_suite.core.text.shown import markup

if TYPE_CHECKING:
    from rich.console import Console

    from ms25_suite.core.findings import Finding
    from ms25_suite.datasets import Dataset
    from ms25_suite.datasets.answers import Answer

__all__ = ["STATUS_COLOURS", "add_parser", "print_finding", "run"]

STATUS_COLOURS: Final = {
    "ok": "green",
    "note": "cyan",
    "warning": "yellow",
    "unanswered": "dim",
}

_UNREADABLE: Final = 2
"""Exit status if a dataset cannot be opened; 1 means that there are warnings."""


def add_parser(commands: Any) -> None:
    """Add ``audit`` to the subcommands of ``ms25 data``."""
    parser = commands.add_parser(
        "audit",
        help="check what can be wrong with data, and print each question with its answer",
        description="Check what can be wrong with data, and print each question with its answer. "
        "Every run of the checks does the same first. Exit status: 0 if there is nothing but "
        "notes, 1 if there are warnings, 2 if a dataset cannot be opened.",
    )
    parser.add_argument(
        "names", nargs="+", metavar="NAME", help="built-in name or group, file, folder or card"
    )
    add_tier_option(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def run(args: argparse.Namespace) -> int:
    """Carry out ``ms25 data audit``.

    Returns
    -------
    int
        Exit status: the highest of all datasets.
    """
    from ms25_suite.datasets import open_dataset
    from ms25_suite.datasets.registry import expand

    tier = tier_of(args)
    status = 0
    entries: list[dict[str, Any]] = []
    for name in (member for given in args.names for member in expand(given, tier)):
        try:
            dataset = open_dataset(name, tier=tier)
        except Ms25Error as error:
            status = _UNREADABLE
            print(f"ms25: {error}", file=sys.stderr)
            entries.append({"dataset": name, "error": f"{type(error).__name__}: {error}"})
            continue
        # Notes are information: a script must not stop for them.
        if any(finding.severity == "warning" for finding in dataset.findings):
            status = max(status, 1)
        if args.json:
            entries.append(_entry(dataset))
        else:
            _print(dataset)
    if args.json:
        print(json.dumps(entries, indent=2))
    return status


def _entry(dataset: Dataset) -> dict[str, Any]:
    return {
        "dataset": dataset.name,
        "tier": dataset.tier,
        "sha256": dataset.sha256,
        "n_frames": len(dataset),
        "questions": [answer.summary() for answer in dataset.audit],
        "findings": [finding.to_dict() for finding in dataset.findings],
    }


def _print(dataset: Dataset) -> None:
    from rich.console import Console

    from ms25_suite.datasets.answers import tally

    console = Console()

    def line(text: str) -> None:
        console.print(text, soft_wrap=True, highlight=False)

    line(f"[bold]{markup(dataset.name)}[/] ({dataset.tier}): {tally(dataset.audit)}")
    printed: set[Finding] = set()
    for answer in dataset.audit:
        line(_line(answer))
        for finding in answer.findings:
            # Two questions may have the same finding.
            if finding not in printed:
                print_finding(console, finding, indent=" " * 12)
            printed.add(finding)
    line("")


def _line(answer: Answer) -> str:
    colour = STATUS_COLOURS[answer.status]
    return (
        f"[{colour}]{answer.status:11}[/] {markup(answer.question)} [dim]{markup(answer.text)}[/]"
    )


def print_finding(console: Console, finding: Finding, indent: str = "") -> None:
    """Print a finding with its severity and code."""
    colour = "red" if finding.says_wrong_units else STATUS_COLOURS[finding.severity]
    console.print(
        f"{indent}[{colour}]{finding.severity}[/] {finding.code}: {markup(finding.message)}",
        soft_wrap=True,
        highlight=False,
    )
