"""The progress bar of a build."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(title: str, total: int, done: int, shown: bool) -> Iterator[Callable[[int], None]]:
    """Show the progress of a build on the standard error stream.

    Parameters
    ----------
    title
        What is counted.
    total
        Number of things to do.
    done
        How many of them were finished before.
    shown
        False for no bar; the returned function can be called all the same.

    Yields
    ------
    :
        Function that takes the number of things that were finished since the last call.
    """
    if not shown:
        # Some versions of rich print an empty line also for a bar that is not shown.
        yield lambda number: None
        return
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
    # A long averaging period (s): jobs take minutes, and several end at about the same time.
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=600.0) as bar:
        task = bar.add_task(title, total=total, completed=done)

        def advance(number: int) -> None:
            bar.advance(task, number)

        yield advance
