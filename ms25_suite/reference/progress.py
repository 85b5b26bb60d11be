"""Progress bar of a long build, with the time that is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(title: str, total: int, done: int, shown: bool) -> Iterator[Callable[[int], None]]:
    """Show on the standard error stream how far a build is.

    Parameters
    ----------
    title
        What is counted.
    total, done
        Number of things in all, and of those that were there before.
    shown
        False for no bar; the returned function can be called all the same.

    Yields
    ------
    :
        Function that is told how many more are finished.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    # A long period: things finish seldom, and several at a time.
    with Progress(
        *columns, console=Console(stderr=True), disable=not shown, speed_estimate_period=600.0
    ) as bar:
        task = bar.add_task(title, total=total, completed=done)

        def advance(number: int) -> None:
            bar.advance(task, number)

        yield advance
