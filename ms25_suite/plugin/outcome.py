"""The exit code that the recorded results call for, and what to say about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import pytest

from ms25_suite.core.catalogue import find
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.criteria.verdicts import is_failure
from ms25_suite.plugin.context import check_context, criterion_of, is_benchmark, report_results

__all__ = [
    "NOT_RUN",
    "Outcome",
    "decide",
    "is_dry_run",
    "must_judge",
    "only_errors",
    "silent_checks",
]

NOT_RUN = 10
"""Exit code of a run in which no check failed, and one could not be run. pytest has 0 to 6."""

_DRY_RUNS = (
    "collectonly",
    "showfixtures",
    "show_fixtures_per_test",
    "cacheshow",
    "setuponly",
    "setupplan",
)
"""Options of pytest that only show something: no check is to be run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a session ends.

    Parameters
    ----------
    status
        Exit code.
    messages
        What the user has to know about it, a line each.
    """

    status: int
    messages: tuple[str, ...] = ()


def is_dry_run(config: pytest.Config) -> bool:
    """Whether pytest only shows something, and runs no check."""
    return any(config.getoption(name, False) for name in _DRY_RUNS)


def must_judge(session: pytest.Session, reported: Collection[str]) -> bool:
    """Whether a session has to give verdicts.

    It has not if pytest only shows something, or if benchmarks were run without checks: they are
    asked for by name, and give no verdict.

    Parameters
    ----------
    session
        The session at its end.
    reported
        Node identifiers of the tests that were run in it.
    """
    if is_dry_run(session.config):
        return False
    run = [item for item in session.items if item.nodeid in reported and criterion_of(item)]
    return not run or not all(is_benchmark(item) for item in run)


def only_errors(report: pytest.TestReport) -> bool:
    """Whether a report that failed is that of a check which could not be run."""
    results = report_results(report)
    bad = [result for result in results if is_failure(result, strict=False)]
    return bool(bad) and all(result.verdict is Verdict.ERROR for result in bad)


def silent_checks(session: pytest.Session, reported: Collection[str]) -> list[str]:
    """Checks that were selected and of which nothing came back.

    Under xdist the items are in other processes, and xdist looks after them. Arguments as for
    `must_judge`.
    """
    return [
        item.nodeid
        for item in session.items
        if item.nodeid not in reported and check_context(item) is not None
    ]


def decide(
    status: int,
    results: Iterable[CheckResult],
    *,
    strict: bool,
    silent: Sequence[str] = (),
    paths_given: bool = False,
    not_compared: Sequence[str] = (),
    not_run: bool = False,
) -> Outcome:
    """Exit code of a session: never 0 unless its checks were run and their verdicts allow it.

    Parameters
    ----------
    status
        Exit code of pytest, by the outcomes of its tests.
    results
        What the checks recorded.
    strict
        Whether an undecided result fails its check.
    silent
        Checks that were selected and recorded nothing.
    paths_given
        Whether the command line names tests.
    not_compared
        What could be expected to be compared with a baseline and was not, and what to do.
    not_run
        Whether all tests that failed are checks that could not be run, and that has a code of its
        own.
    """
    # At the end only: the report imports what draws figures.
    from ms25_suite.report.comparisons import not_counted_line
    from ms25_suite.report.wording import unjudged_lines

    known = list(results)
    missing = (*unjudged_lines(known), *not_compared)
    beside = not_counted_line(known)
    nothing = _nothing_judged(known, paths_given=paths_given)
    if status == pytest.ExitCode.TESTS_FAILED and not_run:
        # Nothing is known to be wrong with the potential, nor that it is right.
        return Outcome(NOT_RUN, (*missing, *beside))
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        # pytest's own code says more: a failure, an interruption, an error.
        return Outcome(status, (*missing, *beside))
    failed = [result for result in known if is_failure(result, strict=strict)]
    if failed or silent:
        return Outcome(pytest.ExitCode.INTERNAL_ERROR, (_contradiction(failed, silent), *missing))
    if nothing or missing:
        return Outcome(pytest.ExitCode.NO_TESTS_COLLECTED, (*missing, *nothing))
    return Outcome(status, beside)


def _nothing_judged(results: Sequence[CheckResult], *, paths_given: bool) -> tuple[str, ...]:
    """Why the session says nothing about the potentials; empty if it does."""
    verdicts = _decisive(results)
    if not verdicts and paths_given:
        return (
            (
                "nothing was judged: no check of ms25-suite is among the tests that the command "
                "line names and selects. Leave their paths out to run the checks, or add "
                "--pyargs ms25_suite.checks to run both; without --mlip and --dataset your tests "
                "run by themselves"
            ),
        )
    if not verdicts:
        return (
            (
                "nothing was judged: no check was run. Is every check left out by -k, -m, "
                "--deselect or --lf? `pytest --markers` lists the criteria"
            ),
        )
    if verdicts <= {Verdict.SKIP}:
        return ("nothing was judged: every check was skipped",)
    if Verdict.INCOMPARABLE in verdicts and verdicts <= {Verdict.INCOMPARABLE, Verdict.SKIP, None}:
        return (
            (
                "nothing was judged: every number compares two levels of theory, the stand-in "
                "labels and what the potential learned. Give data of its own level of theory "
                "(--data=published, or your own frames), or checks that need no labels (-m "
                '"stability or throughput"); --stand-in=gate lets such numbers count'
            ),
        )
    if Verdict.UNDECIDED in verdicts and not verdicts & {Verdict.PASS, Verdict.FAIL}:
        return (
            (
                "nothing was decided: every verdict is undecided with these frames. Give more "
                "test frames"
            ),
        )
    return ()


def _decisive(results: Sequence[CheckResult]) -> set[Verdict | None]:
    """Verdicts that decide whether a session says something about the potentials.

    Laws that every potential obeys count only where nothing else was asked that had an answer.
    """
    others = {
        result.verdict
        for result in results
        if (criterion := find(result.criterion)) is None or not criterion.is_law
    }
    if others - {Verdict.SKIP, None}:
        return others
    return {result.verdict for result in results}


def _contradiction(failed: Sequence[CheckResult], silent: Sequence[str]) -> str:
    if failed:
        first = failed[0]
        what = (
            f"{len(failed)} recorded verdicts do not allow a success (the first: {first.verdict}, "
            f"{first.quantity} of {first.potential} on {first.test_dataset}, {first.criterion})"
        )
    else:
        what = f"{len(silent)} checks were selected and recorded nothing (the first: {silent[0]})"
    return (
        f"internal error: pytest would end with success, but {what}. A mark such as xfail, a "
        "conftest.py or another plugin changes the outcome of the checks: run them without it. "
        "Thresholds of your own (--ms25-thresholds) say which error is acceptable"
    )
