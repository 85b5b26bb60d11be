"""Display of a campaign while it runs."""

from __future__ import annotations

import sys
import time
from typing import IO, TYPE_CHECKING, Final

from ms25_suite.campaign.costs import Left
from ms25_suite.campaign.walltime import hours
from ms25_suite.core.text.shown import shown
from ms25_suite.core.text.terminal import live_console

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["CampaignProgress"]


class CampaignProgress:
    """A live line in a terminal, plain lines elsewhere.

    A plain line comes when a number changes, at most one in ten seconds, and one in five minutes
    when nothing changes.

    Parameters
    ----------
    stream
        Where to write.
    """

    _LEAST_S: Final = 10.0
    _SAME_S: Final = 300.0
    _SHOW_S: Final = 0.5

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._console = live_console(stream or sys.stderr, soft_wrap=True)
        self._live: Progress | None = None
        self._total = 0
        self._said = self._shown = 0.0
        self._numbers = (-1, -1, -1)

    def note(self, text: str) -> None:
        """Write a line."""
        self._console.print(shown(text), markup=False)

    def start(self, total: int, done: int) -> None:
        """Show that tasks are sent."""
        self._total = total
        if not self._console.is_terminal:
            self.note(f"{total} tasks, of which {done} are done already")
            return
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._live = Progress(
            BarColumn(bar_width=20),
            TextColumn("{task.completed:.0f}/{task.total:.0f}  {task.fields[text]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=self._console,
        )
        self._live.add_task("", total=total, completed=done, text="", left="left …")
        self._live.start()

    def update(self, done: int, failed: int, waiting: int, left: Left) -> None:
        """Show how far it is.

        Parameters
        ----------
        done, failed, waiting
            Numbers of tasks.
        left
            Estimated time to the end.
        """
        now = time.monotonic()
        if waiting and now - self._shown < self._SHOW_S:
            return
        self._shown = now
        text = f"{waiting} to do" + (f", {failed} failed" if failed else "")
        time_left = _in_words(left)
        if self._live is not None:
            self._live.update(self._live.tasks[0].id, completed=done, text=text, left=time_left)
            return
        numbers = (done, failed, waiting)
        wait = self._LEAST_S if numbers != self._numbers else self._SAME_S
        if now - self._said >= wait or not waiting:
            self._said, self._numbers = now, numbers
            self.note(f"{done}/{self._total} done, {text}, {time_left}")

    def finish(self) -> None:
        """Stop the bar and leave its last state."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def _in_words(left: Left) -> str:
    if left.seconds is None:
        return "left …"
    said = f"left about {hours(left.seconds)}"
    return f"{said} ({left.n_guessed} of them like none so far)" if left.n_guessed else said
