from __future__ import annotations

import _thread
import io
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from ms25_suite.core.text import progress as module
from ms25_suite.core.text.progress import (
    Progress,
    ProgressTerminal,
    duration,
    progress,
    progress_on,
    steps,
)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds become hundredths of them."""
    for name in ("SHOW_AFTER_S", "_REFRESH_S", "_LINE_S"):
        monkeypatch.setattr(module, name, getattr(module, name) / 100)


class Terminal:
    """A pseudo-terminal, and what was written to it."""

    def __init__(self) -> None:
        self._master, slave = pty.openpty()
        self.stream = os.fdopen(slave, "w", encoding="utf-8")
        self._found = b""

    def text(self) -> str:
        self.stream.flush()
        os.set_blocking(self._master, False)
        # A terminal gives some kilobytes at a time, and an error where there are none.
        with suppress(BlockingIOError):
            while part := os.read(self._master, 1 << 16):
                self._found += part
        return self._found.decode("utf-8", errors="ignore")

    def wait_for(self, pattern: str) -> None:
        """Wait until something is shown: a busy machine may take longer than others."""
        end = time.monotonic() + 30.0
        while not re.search(pattern, self.text()):
            assert time.monotonic() < end, f"not shown: {pattern}"
            time.sleep(0.01)

    def close(self) -> None:
        self.stream.close()
        os.close(self._master)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


def test_what_is_short_is_not_shown(terminal: Terminal) -> None:
    with progress_on(ProgressTerminal(terminal.stream)), progress("short", 2) as work:
        work.advance()
    terminal.stream.write("end")
    assert terminal.text() == "end"


@pytest.mark.usefixtures("quick")
def test_what_is_long_has_a_line_with_the_time_left_and_none_behind(terminal: Terminal) -> None:
    with (
        progress_on(ProgressTerminal(terminal.stream)),
        progress("predictions of \x1b[31mmace", 40, "frames") as work,
    ):
        work.advance(10)
        terminal.wait_for(r" 10/40 frames, \d:\d\d, left \d:\d\d")
    text = terminal.text()
    assert "predictions of \\x1b[31mmace" in text
    # The line is erased at the end.
    assert text.endswith("\x1b[1A\x1b[2K")


@pytest.mark.usefixtures("quick")
def test_the_line_that_pytest_is_writing_is_kept(terminal: Terminal) -> None:
    shown_on = ProgressTerminal(terminal.stream, lambda: 12)
    with progress_on(shown_on), progress("long") as work:
        work.advance()
        terminal.wait_for("long")
    text = terminal.text()
    assert text.startswith("\r\n")
    # Column 13, counted from 1, of the line above.
    assert text.endswith("\x1b[13G\x1b[1A")


@pytest.mark.usefixtures("quick")
def test_a_log_gets_a_line_now_and_then() -> None:
    stream = io.StringIO()
    start = time.monotonic()
    with progress_on(ProgressTerminal(stream)), progress("reading", unit="frames") as work:
        for _ in range(20):
            time.sleep(0.05)
            work.advance(2)
    first, *rest = stream.getvalue().splitlines()
    assert first.startswith("reading: ")
    assert re.search(r"\d frames, 0:\d\d$", first)
    # 0.3 s for half a minute.
    assert 1 <= len(rest) <= (time.monotonic() - start) / 0.3


@pytest.mark.usefixtures("quick")
def test_work_inside_other_work_shows_nothing(terminal: Terminal) -> None:
    with (
        progress_on(ProgressTerminal(terminal.stream)),
        progress("outer"),
        progress("inner", 3) as inner,
    ):
        inner.advance()
        terminal.wait_for("outer")
    assert "inner" not in terminal.text()


@pytest.mark.usefixtures("quick")
def test_after_an_error_the_next_one_is_shown(terminal: Terminal) -> None:
    shown_on = ProgressTerminal(terminal.stream)
    with pytest.raises(ValueError, match="no"), progress_on(shown_on), progress("broken"):
        raise ValueError("no")
    with progress_on(shown_on), progress("next"):
        terminal.wait_for("next")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C interrupts, also where the tests run in the background and ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("quick", "interruptible")
def test_after_an_interrupt_the_next_one_is_shown(terminal: Terminal) -> None:
    """Ctrl-C may come while the line is erased."""

    class Slow(ProgressTerminal):
        def run(self, work: Progress, ended: threading.Event) -> None:
            running.set()
            ended.wait()
            _thread.interrupt_main()
            time.sleep(0.5)

    running = threading.Event()
    with (
        pytest.raises(KeyboardInterrupt),
        progress_on(Slow(terminal.stream)),
        progress("interrupted"),
    ):
        assert running.wait(30.0)
    with progress_on(ProgressTerminal(terminal.stream)), progress("next"):
        terminal.wait_for("next")


KEPT = """
import io, time
from ms25_suite.core.text import progress

progress.SHOW_AFTER_S = 0.0
shown_on = progress.progress_on(progress.ProgressTerminal(io.StringIO()))
shown_on.__enter__()
kept = progress.steps(iter("abc"), "letters")
next(kept)
time.sleep(0.5)
"""


def test_what_is_shown_when_python_ends_does_not_keep_it() -> None:
    """Threads like that of the progress no longer run then."""
    done = subprocess.run([sys.executable, "-c", KEPT], timeout=120, check=False)
    assert done.returncode == 0


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_colors_that_are_forced_do_not_make_a_log_a_terminal(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "1")
    stream = io.StringIO()
    with progress_on(ProgressTerminal(stream)), progress("reading", 4, "frames"):
        end = time.monotonic() + 30.0
        while not stream.getvalue() and time.monotonic() < end:
            time.sleep(0.01)
    assert re.fullmatch(r"(reading: 0/4 frames, 0:\d\d\n)+", stream.getvalue())


@pytest.mark.usefixtures("quick")
def test_a_terminal_that_cannot_move_its_cursor_is_a_log(
    monkeypatch: pytest.MonkeyPatch, terminal: Terminal
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with progress_on(ProgressTerminal(terminal.stream)), progress("reading", 4, "frames"):
        terminal.wait_for("reading")
    assert re.fullmatch(r"(reading: 0/4 frames, 0:\d\d\r\n)+", terminal.text())


@pytest.mark.usefixtures("quick")
def test_a_terminal_that_is_closed_costs_nothing() -> None:
    made = Terminal()
    made.close()
    with progress_on(ProgressTerminal(made.stream)), progress("long") as work:
        time.sleep(0.2)
        work.advance()
    assert work.done == 1


def test_steps_hand_on_their_items() -> None:
    with progress_on(ProgressTerminal(io.StringIO())):
        assert list(steps(iter("abc"), "letters")) == ["a", "b", "c"]
    with progress("nowhere", 3) as work:
        work.reach(3)
    assert work.done == 3


@pytest.mark.parametrize(
    ("work", "done", "expected"),
    [
        (Progress("x"), 0, "0:30"),
        (Progress("x", unit="frames"), 7, "7 frames, 0:30"),
        (Progress("x", 40, "frames"), 0, "0/40 frames, 0:30"),
        (Progress("x", 40, "frames"), 10, "10/40 frames, 0:30, left 1:30"),
        (
            Progress("x", 500, at_most=True),
            250,
            "250 of at most 500 steps, 0:30, left at most 0:30",
        ),
        # What was there before took no time.
        (Progress("x", 4e6, "MB", done=2e6), 3e6, "3.0/4.0 MB, 0:30, left 0:30"),
        (Progress("x", 4e6, "MB", done=2e6), 2e6, "2.0/4.0 MB, 0:30"),
        # More than there should be.
        (Progress("x", 4), 5, "5/4 steps, 0:30, left 0:00"),
    ],
)
def test_in_words(
    monkeypatch: pytest.MonkeyPatch, work: Progress, done: float, expected: str
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(work, "_started", now - 30.0)
    work.reach(done)
    assert work.in_words() == expected


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0:00"), (59.6, "1:00"), (3723, "1:02:03"), (90, "1:30")]
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text
