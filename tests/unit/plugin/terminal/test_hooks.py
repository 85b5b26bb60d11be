from __future__ import annotations

from types import SimpleNamespace

import pytest

from ms25_suite.core.results import Verdict
from ms25_suite.criteria.recorder import RESULT_PROPERTY
from ms25_suite.plugin.terminal.hooks import CheckTerminal
from tests.helpers.reports import make_result


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("calc failed:\n  File 'x', line 2\nRuntimeError: no", "RuntimeError: no"),
        # Messages of other programs may end in a line break.
        ("calc failed:\n  File 'x', line 2\nRuntimeError: no\n\n", "RuntimeError: no"),
        ("it died. Its last output was:\n    step 1", "it died. Its last output was: …"),
    ],
)
def test_the_summary_names_what_was_raised(
    pytestconfig: pytest.Config, reason: str, words: str
) -> None:
    result = make_result(value=None, interval=None, verdict=Verdict.ERROR, reason=reason)
    report = pytest.TestReport(
        *("a.py::test_a", ("a.py", 0, "test_a"), {}, "failed", "long", "call"),
        user_properties=[(RESULT_PROPERTY, result.to_dict())],
    )
    terminal = CheckTerminal(pytestconfig, strict=False)
    # Until the checks are done, a line has no room for it.
    assert terminal.pytest_report_teststatus(report) is None
    summary = terminal.pytest_terminal_summary(SimpleNamespace(stats={}, reportchars="fE"))
    next(summary)
    found = terminal.pytest_report_teststatus(report)
    assert found == ("failed", "F", f"FAILED {words}:")
