"""How far long work is: a line in a terminal, with the time left.

Work says what it does, and its steps; the program that it runs in says once where to show that.
Nothing is shown in the first seconds, nor where no program said where. Work inside other work shows
nothing of its own: what the outer one waits for is known already.

A thread draws the line, so that a step costs an addition, and long steps do not stop the clock.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

from ms25_suite.core.text.shown import shown
from ms25_suite.core.text.terminal import live_console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar

__all__ = ["Progress", "ProgressTerminal", "duration", "progress", "progress_on", "steps"]

SHOW_AFTER_S: Final = 5.0
"""Work that takes less is not shown."""

_REFRESH_S: Final = 0.5
_LINE_S: Final = 30.0
"""Least time between two lines where there is no terminal."""

_ERASED_S: Final = 2.0
"""Longest wait for the line to be erased. A terminal may be stopped; and when Python ends, threads
like this one no longer run."""

_BYTES: Final = "MB"

T = TypeVar("T")


class ProgressTerminal:
    """Where progress is shown.

    Parameters
    ----------
    stream
        Where to write: a line that is redrawn if it is a terminal, else a line in half a minute.
    column
        Where the cursor is, if the line that it is in must not be lost: progress is shown below it.
        None: the cursor is at the start of a line.
    """

    def __init__(self, stream: IO[str], column: Callable[[], int] | None = None) -> None:
        self._stream = stream
        self._column = column

    def run(self, work: Progress, ended: threading.Event) -> None:
        """Show work until it has ended; called in a thread of its own."""
        try:
            console = live_console(self._stream, width=self._width())
            if console.is_terminal:
                self._redraw(console, work, ended)
            else:
                self._write_lines(work, ended)
        except (OSError, ValueError):
            # The terminal was closed, and the work goes on.
            return

    def _width(self) -> int | None:
        # rich would ask the standard streams, which may lead elsewhere.
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or None
        except (OSError, ValueError):
            return None

    def _redraw(self, console: Console, work: Progress, ended: threading.Event) -> None:
        from rich.control import Control

        column = None if self._column is None else self._column()
        if column:
            console.line()
        bar = _bar(console, work)
        with bar:
            while not ended.wait(_REFRESH_S):
                bar.update(
                    bar.tasks[0].id, completed=work.done, total=work.total, said=work.in_words()
                )
        if column:
            console.control(Control.move_to_column(column, -1))

    def _write_lines(self, work: Progress, ended: threading.Event) -> None:
        while not ended.wait(max(_LINE_S - SHOW_AFTER_S, 0.0) if work.unsaid else _LINE_S):
            start = "\n" if self._column is not None and self._column() else ""
            work.unsaid = False
            self._stream.write(f"{start}{work.title}: {work.in_words()}\n")
            self._stream.flush()


class Progress:
    """Work that is done in steps.

    Parameters
    ----------
    title
        What is done.
    total
        Number of steps; None if unknown.
    unit
        What a step is, in the plural: ``frames``; ``MB`` for steps of a byte.
    done
        Steps that were done before, and say nothing about the time.
    at_most
        Whether it may end before all steps are done.
    """

    def __init__(
        self,
        title: str,
        total: float | None = None,
        unit: str = "steps",
        done: float = 0,
        *,
        at_most: bool = False,
    ) -> None:
        self.title = shown(title)
        self.total = total
        self.done = done
        self.unsaid = True
        self._unit = unit
        self._most = "at most " if at_most else ""
        self._before = done
        self._started = time.monotonic()

    def advance(self, number: float = 1) -> None:
        """Note that some steps were done."""
        self.done += number

    def reach(self, done: float) -> None:
        """Note how many steps are done by now."""
        self.done = done

    def in_words(self) -> str:
        """Steps, and time so far and left: ``12/40 frames, 0:31, left 1:12``."""
        elapsed = time.monotonic() - self._started
        done, total = self.done, self.total
        scale = 1e-6 if self._unit == _BYTES else 1.0
        digits = 1 if self._unit == _BYTES else 0
        texts = []
        if total is not None:
            slash = f" of {self._most}" if self._most else "/"
            counts = (f"{scale * number:.{digits}f}" for number in (done, total))
            texts.append(f"{slash.join(counts)} {self._unit}")
        elif done:
            texts.append(f"{scale * done:.{digits}f} {self._unit}")
        texts.append(duration(elapsed))
        if total is not None and done > self._before:
            rest = max(total - done, 0.0)
            texts.append(f"left {self._most}{duration(elapsed / (done - self._before) * rest)}")
        return ", ".join(texts)


_terminal: ProgressTerminal | None = None
_busy = threading.Lock()
"""Held by the work that is shown; others, inside it or in another thread, are silent."""


@contextmanager
def progress_on(terminal: ProgressTerminal | None) -> Iterator[None]:
    """Show progress there, in this process; None for nowhere."""
    global _terminal
    before, _terminal = _terminal, terminal
    try:
        yield
    finally:
        _terminal = before


@contextmanager
def progress(
    title: str,
    total: float | None = None,
    unit: str = "steps",
    done: float = 0,
    *,
    at_most: bool = False,
) -> Iterator[Progress]:
    """Show how far work is, if it takes longer than some seconds.

    Parameters
    ----------
    title, total, unit, done, at_most
        As for `Progress`.

    Yields
    ------
    :
        What is to be told about each step.
    """
    work, terminal = Progress(title, total, unit, done, at_most=at_most), _terminal
    if terminal is None or not _busy.acquire(blocking=False):
        yield work
        return
    ended, shows = threading.Event(), threading.Lock()
    given = (terminal, work, ended, shows)
    thread = threading.Thread(target=_show_later, args=given, daemon=True)
    try:
        thread.start()
        yield work
    finally:
        ended.set()
        try:
            # The line must be gone before anybody writes there again. Without one, nothing is
            # waited for: most work is short.
            if shows.acquire(timeout=_ERASED_S):
                shows.release()
        finally:
            _busy.release()


def steps(
    items: Iterable[T], title: str, total: float | None = None, unit: str = "steps"
) -> Generator[T, None, None]:
    """Items, of which each is a step. Parameters as for `Progress`.

    A ``for`` statement ends the progress whatever happens. Anything else that takes the items and
    may fail needs `contextlib.closing`.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    with progress(title, total, unit) as work:
        for item in items:
            yield item
            work.advance()


def _show_later(
    terminal: ProgressTerminal, work: Progress, ended: threading.Event, shows: threading.Lock
) -> None:
    if ended.wait(SHOW_AFTER_S):
        return
    with shows:
        if not ended.is_set():
            terminal.run(work, ended)


def _bar(console: Console, work: Progress) -> Bar:
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns: tuple[Any, ...] = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[said]}", markup=False),
    )
    bar = Bar(
        *columns,
        console=console,
        transient=True,
        refresh_per_second=2,
        # They may be those that pytest captures.
        redirect_stdout=False,
        redirect_stderr=False,
    )
    bar.add_task(work.title, total=work.total, completed=int(work.done), said=work.in_words())
    return bar


def duration(seconds: float) -> str:
    """Time as a clock shows it: ``0:31``, ``1:02:03``."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    if hours:
        return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
    return f"{rest // 60}:{rest % 60:02d}"
