"""Display of the progress of a training."""

from __future__ import annotations

import time
from typing import IO, TYPE_CHECKING, Final, Protocol

from ms25_suite.core.text.progress import duration
from ms25_suite.core.text.terminal import live_console

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["RichProgress", "SilentProgress", "TrainingProgress"]


class TrainingProgress(Protocol):
    """Display of the progress of a training."""

    def note(self, text: str) -> None:
        """Show a message of one line; may come before `start`."""

    def start(self, total_epochs: int, title: str) -> None:
        """Show that the training starts."""

    def update(
        self,
        epoch: int,
        loss: float,
        force_error: float | None,
        energy_error: float | None,
        eta: float | None,
    ) -> None:
        """Show a finished epoch.

        Parameters
        ----------
        epoch
            Its number, counted from 1.
        loss
            Validation loss.
        force_error
            Validation error of the forces in meV/Å, root mean square; None if unknown.
        energy_error
            Validation error of the energy in meV/atom, root mean square; None if unknown.
        eta
            Estimated time to the end in seconds; None if unknown.
        """

    def finish(self) -> None:
        """Remove the display, also after an error; called once for each `start`."""


class SilentProgress:
    """Shows nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""

    def start(self, total_epochs: int, title: str) -> None:
        """Do nothing."""

    def update(
        self,
        epoch: int,
        loss: float,
        force_error: float | None,
        energy_error: float | None,
        eta: float | None,
    ) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""


class RichProgress:
    """A live line in a terminal, plain lines elsewhere.

    Plain lines are at least ten seconds apart: the next one follows after a tenth of the epochs
    or after a minute.

    Parameters
    ----------
    stream
        Where to write.
    """

    _LEAST_S: Final = 10.0
    _MOST_S: Final = 60.0
    _LEAST_PART: Final = 0.1
    _ROOM: Final = 120
    """Columns of a terminal that hold the whole line."""

    def __init__(self, stream: IO[str]) -> None:
        self._console = live_console(stream, soft_wrap=True)
        self._live: Progress | None = None
        self._title = ""
        self._total = 0
        self._started = 0.0
        self._said: tuple[float, int] | None = None

    def note(self, text: str) -> None:
        """Write a line."""
        self._console.print(text, markup=False)

    def start(self, total_epochs: int, title: str) -> None:
        """Show an empty bar, or a line with the title."""
        self._title, self._total = title, total_epochs
        self._started = time.monotonic()
        self._said = None
        if not self._console.is_terminal:
            self.note(f"{title}: training for {total_epochs} epochs")
            return
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.table import Column
        from rich.text import Text

        # The time left is the last thing that a narrow terminal may lose: without the bar and
        # some of the errors, only the title is cut.
        is_narrow = self._console.width < self._ROOM
        title_column = Column(ratio=1 if is_narrow else None, no_wrap=True, overflow="ellipsis")
        self._live = Progress(
            TextColumn("{task.description}", markup=False, table_column=title_column),
            *([] if is_narrow else [BarColumn(bar_width=20)]),
            TextColumn("epoch {task.completed:.0f}/{task.total:.0f}  {task.fields[errors]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            expand=is_narrow,
            console=self._console,
            # The streams may be those that pytest captures.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.add_task(
            Text(title).plain, total=total_epochs, errors="preparing", left="left …"
        )
        self._live.start()

    def update(
        self,
        epoch: int,
        loss: float,
        force_error: float | None,
        energy_error: float | None,
        eta: float | None,
    ) -> None:
        """Move the bar, or write a line if one is due."""
        known = [f"loss {loss:.3g}"]
        if force_error is not None:
            known.append(f"forces {force_error:.0f} meV/Å")
        if energy_error is not None:
            known.append(f"energy {energy_error:.2f} meV/atom")
        if self._live is not None and self._console.width < self._ROOM:
            known = known[1:2] or known
        errors = "  ".join(known)
        left = "left …" if eta is None else f"left {duration(eta)}"
        if self._live is not None:
            task = self._live.tasks[0].id
            self._live.update(task, completed=epoch, errors=errors, left=left)
            return
        now = time.monotonic()
        if self._said is not None and epoch < self._total:
            waited = now - self._said[0]
            passed = (epoch - self._said[1]) / self._total
            if waited < self._LEAST_S or (passed < self._LEAST_PART and waited < self._MOST_S):
                return
        self._said = (now, epoch)
        elapsed = duration(now - self._started)
        self.note(f"{self._title}: epoch {epoch}/{self._total}  {errors}  {elapsed}, {left}")

    def finish(self) -> None:
        """Stop the bar and leave its last state."""
        if self._live is not None:
            self._live.stop()
            self._live = None
