from __future__ import annotations

import io

import pytest

from ms25_suite.plugin.terminal.failures import Failures

DIED = "the worker ended unexpectedly. Its last output was:\n    step {}"
RAISED = "calculator of calc.py failed:\n  File 'calc.py', line {}, in calculator\nValueError: {}"


class Writer:
    """As much of pytest's ``TerminalWriter`` as is used."""

    def __init__(self, fullwidth: int = 80) -> None:
        self._file = io.StringIO()
        self.fullwidth = fullwidth

    def line(self, text: str) -> None:
        self._file.write(f"{text}\n")

    def text(self) -> str:
        return self._file.getvalue()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (RAISED.format(2, "no"), RAISED.format(2, "no"), True),
        (DIED.format(12), DIED.format(340), True),
        # Another check leads to the same place.
        (RAISED.format(2, "no"), RAISED.format(7, "no"), True),
        (RAISED.format(2, "no"), RAISED.format(2, "yes"), False),
        ("no element H", "no element O", False),
        ("<Model at 0x7fa0>", "<Model at 0x7fb8>", True),
    ],
)
def test_one_reason_is_known_again(one: str, other: str, same: bool) -> None:
    failures = Failures(in_lines=False)
    assert failures.seen_before(one, "a.py::test_a") == ""
    assert failures.seen_before(other, "a.py::test_b") == ("a.py::test_a" if same else "")
    # A report of the same check, such as that of a second attempt, is the first again.
    assert failures.seen_before(one, "a.py::test_a") == ""


def test_the_traceback_stands_in_the_terminal_once_and_in_files_always() -> None:
    failures, text = Failures(in_lines=False), RAISED.format(2, "no")
    writer = Writer()
    for first in ("", "checks/a.py::test_a[x]"):
        failure = failures.failure(text, first, "ValueError: no", "calc on hea")
        failure.toterminal(writer)
        assert str(failure) == text
        # pytest would write it behind the node identifier.
        assert not hasattr(failure, "reprcrash")
    assert writer.text() == f"{text}\nfor the same reason as test_a[x]\n"


def test_a_line_for_each_failure() -> None:
    failure = Failures(in_lines=True).failure("long", "", "forces MAE 60 > 50", "calc on hea")
    assert str(failure.reprcrash) == "calc on hea: forces MAE 60 > 50"
    assert failure.reprcrash.message == "calc on hea"
