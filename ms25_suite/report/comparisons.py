"""Numbers that compare two levels of theory: what the reader has to know before any of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ms25_suite.core.catalogue import catalogue
from ms25_suite.core.documentation.pages import how_to_read
from ms25_suite.core.errors import listed
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult, Verdict

__all__ = [
    "MARK",
    "TwoLevels",
    "counted",
    "mark_notes",
    "marked",
    "not_counted_line",
    "notice",
    "two_levels_of",
]

MARK: Final = "≠"
"""Sign of a number that compares two levels of theory."""


@dataclass(frozen=True, slots=True)
class TwoLevels:
    """A potential, and stand-in labels of another level of theory than what it learned.

    Parameters
    ----------
    potential
        Name of the potential.
    learned
        Level of theory that it learned; empty if nothing states it.
    dataset
        Name of the dataset.
    labels
        Level of theory of the labels.
    paper
        Level of theory of the paper's data of that name; empty if unknown.
    """

    potential: str
    learned: str
    dataset: str
    labels: str
    paper: str


def two_levels_of(run: RunRecord, results: Iterable[CheckResult]) -> list[TwoLevels]:
    """Potentials and datasets of results that compare two levels of theory."""
    learned = {
        potential.name: potential.trained_on.level_of_theory or ""
        for potential in run.potentials
        if potential.trained_on is not None
    }
    paper = {dataset.name: dataset.paper_level_of_theory or "" for dataset in run.datasets}
    found = {
        (result.potential, result.test_dataset): TwoLevels(
            result.potential,
            learned.get(result.potential, ""),
            result.test_dataset,
            result.level_of_theory,
            paper.get(result.test_dataset, ""),
        )
        for result in results
        if result.incomparable
    }
    return list(found.values())


def counted(results: Iterable[CheckResult]) -> bool:
    """Whether the numbers that compare two levels of theory are judged like any other."""
    return all(result.verdict is not Verdict.INCOMPARABLE for result in results)


def notice(pairs: Sequence[TwoLevels], *, counted: bool) -> list[str]:
    """What the reader of such numbers has to know; empty if there are none.

    Parameters
    ----------
    pairs
        The potentials and datasets.
    counted
        Whether these numbers are judged like any other.

    Returns
    -------
    :
        A line for each kind of difference, and what follows from them.
    """
    if not pairs:
        return []
    # Many datasets share their reference, such as all zeolites.
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for pair in pairs:
        key = (pair.potential, pair.learned, pair.labels, pair.paper)
        groups.setdefault(key, []).append(pair.dataset)
    lines = [
        f"{MARK} two levels of theory: {potential} on {listed(names)}. The labels are of {labels}, "
        f"a stand-in for the paper's {paper or 'reference'}; "
        + (f"{potential} learned {learned}" if learned else f"what {potential} learned is unknown")
        for (potential, learned, labels, paper), names in groups.items()
    ]
    if counted:
        meaning = "They are judged all the same, as --stand-in=gate asks"
    else:
        meaning = (
            f"They are shown for information ({Verdict.INCOMPARABLE}) and do not count for the "
            "exit code; --stand-in=gate lets them count. A potential that was trained on these "
            "very labels has to say so in its sidecar, with the checksum that `ms25 train` writes"
        )
    caution = (
        "  Errors, curves and barriers marked so measure the difference of two methods, not the "
        f"quality of the potential. {meaning}."
    )
    scope = f"  What needs no labels means something here too: {_without_labels()}."
    source = (
        "  For the real data: ms25 data download, ms25 data archive, then --data=published "
        f"({how_to_read('docs/published.md', site='')}). Or give labelled frames of your own: "
        f"--dataset=my.extxyz ({how_to_read('docs/datasets.md', site='')})."
    )
    return [*lines, caution, scope, source]


def _without_labels() -> str:
    """Criteria, and parts of them, that compare nothing with labels."""
    found = []
    for criterion in catalogue().values():
        if not criterion.compares_labels:
            found.append(f"-m {criterion.name}")
        elif criterion.without_labels:
            found.append(f"-m {criterion.name} ({listed(criterion.without_labels)})")
    return ", ".join(found)


def not_counted_line(results: Iterable[CheckResult]) -> tuple[str, ...]:
    """A line on verdicts that do not count for the exit code; empty if there are none."""
    found = [result for result in results if result.verdict is Verdict.INCOMPARABLE]
    if not found:
        return ()
    who = dict.fromkeys(f"{result.potential} on {result.test_dataset}" for result in found)
    number = "1 number" if len(found) == 1 else f"{len(found)} numbers"
    return (f"not counted: {number} of two levels of theory ({listed(who)})",)


def mark_notes(results: Iterable[CheckResult]) -> list[str]:
    """What `MARK` means below a table or figure; empty if it is not used."""
    who = dict.fromkeys(
        f"{result.potential} on {result.test_dataset}" for result in results if result.incomparable
    )
    return (
        [f"{MARK} two levels of theory, no error of the potential ({listed(who)})"] if who else []
    )


def marked(text: str, result: CheckResult) -> str:
    """A number as text, with `MARK` if it compares two levels of theory."""
    return f"{text} {MARK}" if text and result.incomparable else text
