"""Hooks that let pytest show what its words for a test do not say: value and threshold."""

from __future__ import annotations

import textwrap
from collections.abc import Generator, Sequence
from typing import Any, Final

import pytest

from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.core.text.lines import last_line, one_line
from ms25_suite.criteria.verdicts import is_failure
from ms25_suite.plugin.context import report_results
from ms25_suite.plugin.terminal.failures import Failures

__all__ = ["CheckTerminal"]

_SHOWN: Final = {Verdict.UNDECIDED: "passed", Verdict.INCOMPARABLE: "skipped"}
"""Verdicts that pytest shows by their own word, and what it would call them."""

_LEAST: Final = 64
"""Letters of a reason in a line of pytest's summary, also where it needs a second line."""


class CheckTerminal:
    """Hooks of the process that writes to the terminal.

    Parameters
    ----------
    config
        pytest's configuration.
    strict
        Whether an undecided result fails its check.
    """

    def __init__(self, config: pytest.Config, *, strict: bool) -> None:
        self._config = config
        self._strict = strict
        self._failures = Failures(in_lines=config.getoption("tbstyle", "auto") == "line")
        self._whole = bool(config.getoption("fulltrace", False))
        self._repeated: set[str] = set()
        self._summing_up = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Let one reason have one traceback, however many checks failed for it."""
        if not report.failed or report.when == "teardown":
            return
        results = report_results(report)
        bad = [result for result in results if is_failure(result, strict=self._strict)]
        if not bad:
            return
        first = ""
        # A number has its own text; the errors of a check have one reason.
        if not self._whole and all(result.verdict is Verdict.ERROR for result in bad):
            first = self._failures.seen_before(bad[0].reason, report.nodeid)
        if first:
            self._repeated.add(report.nodeid)
        if first or isinstance(report.longrepr, str):
            about = f"{bad[0].potential} on {bad[0].test_dataset}"
            text = str(report.longrepr)
            report.longrepr = self._failures.failure(  # type: ignore[assignment]
                text, first, self._decisive(results), about
            )

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, Any] | None:
        """Show an undecided check as such, and in pytest's summary the number that decided."""
        if report.when == "teardown":
            return None
        results = report_results(report) if hasattr(report, "user_properties") else []
        if not results:
            return None
        verdicts = {result.verdict for result in results}
        if report.when == "call" and not report.failed:
            for verdict, shown_for in _SHOWN.items():
                if verdict in verdicts and getattr(report, shown_for):
                    word = verdict.value
                    return word, word[0].upper(), (word.upper(), {"yellow": True})
        if not self._summing_up:
            return None
        if report.failed:
            setup = report.when == "setup"
            category, letter = ("error", "E") if setup else ("failed", "F")
            return category, letter, f"{category.upper()} {self._in_summary(report, results)}"
        if report.passed and report.when == "call":
            return "passed", ".", f"PASSED {self._in_summary(report, results)}"
        return None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> Generator[None, object, object]:
        """Add what pytest's summary has no letter for: the checks that are undecided."""
        # Not before: while checks run, a line has no room for it.
        self._summing_up = True
        answer = yield
        undecided = terminalreporter.stats.get(Verdict.UNDECIDED.value, ())
        if undecided and terminalreporter.reportchars:
            if not any(terminalreporter.stats.get(name) for name in ("failed", "error")):
                terminalreporter.section("undecided", sep="=", yellow=True, bold=True)
            for report in undecided:
                word = terminalreporter._tw.markup("UNDECIDED", yellow=True)
                text = self._in_summary(report, report_results(report))
                terminalreporter.write_line(f"{word} {text} {report.nodeid}")
        return answer

    def _in_summary(self, report: pytest.TestReport, results: Sequence[CheckResult]) -> str:
        """What goes between pytest's word and the node identifier."""
        if report.nodeid in self._repeated:
            return "(same reason)"
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        width = 80 if reporter is None else reporter._tw.fullwidth
        room = max(_LEAST, width - len(report.nodeid) - len("FAILED  : "))
        return f"{textwrap.shorten(self._decisive(results), room, placeholder='…')}:"

    def _decisive(self, results: Sequence[CheckResult]) -> str:
        """The number that decided about a check, and how many others are no better."""
        failed = [result for result in results if is_failure(result, strict=self._strict)]
        undecided = [result for result in results if result.verdict is Verdict.UNDECIDED]
        judged = [result for result in results if result.verdict is not None]
        chosen = failed or undecided or judged or list(results)
        shown = next((one for one in chosen if one.value is not None), chosen[0])
        n_others = len(chosen) - 1 if failed or undecided else 0
        if shown.verdict is Verdict.ERROR:
            # What was raised says more than where.
            whole, raised = one_line(shown.reason), last_line(shown.reason)
            return raised if whole.endswith(raised) else whole
        return f"{shown.in_short()}{f' and {n_others} more' if n_others else ''}"
