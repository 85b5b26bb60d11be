"""Processes that draw many figures side by side."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Final, Self

from ms25_suite.campaign.paper.figures.sheet import Sheet, write_sheet
from ms25_suite.core.machine import available_cores
from ms25_suite.environments.guard import end_with_parent
from ms25_suite.environments.processes import safe_path
from ms25_suite.report.figures.canvas import drawing

__all__ = ["Drawers"]

_FEWEST: Final = 24
"""Fewer figures are drawn faster than a process starts."""

_MOST: Final = 4
"""Each process takes 200 MB."""


class Drawers:
    """Draws figures in processes of their own while this one does something else.

    Parameters
    ----------
    folder
        Folder of their files.
    sheets
        Figures to draw, which can be pickled.
    """

    def __init__(self, folder: Path, sheets: Sequence[Sheet]) -> None:
        self.folder, self.sheets = folder, sheets
        self._pool: ProcessPoolExecutor | None = None
        self._drawn: dict[str, Future[tuple[bytes, float]]] = {}

    def __enter__(self) -> Self:
        cores = available_cores()
        if len(self.sheets) >= _FEWEST and cores > 1:
            # Spawned: this process may have threads, which a fork does not survive.
            context = multiprocessing.get_context("spawn")
            with safe_path(), _without_main():
                self._pool = ProcessPoolExecutor(
                    min(cores, _MOST), mp_context=context, initializer=end_with_parent
                )
                for sheet in self.sheets:
                    self._drawn[sheet.name] = self._pool.submit(_write, self.folder, sheet)
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def write(self, sheet: Sheet) -> tuple[bytes, float]:
        """Files of one of the figures, see `write_sheet`."""
        future = self._drawn.get(sheet.name)
        if future is not None:
            try:
                return future.result()
            # Killed for memory, say: slower without processes.
            except BrokenProcessPool:
                self._drawn.clear()
        return write_sheet(self.folder, sheet)


@contextmanager
def _without_main() -> Iterator[None]:
    """Let processes that are started meanwhile not run the script again that started them.

    Spawned processes import it for what may be defined there; the figures need nothing of it.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _write(folder: Path, sheet: Sheet) -> tuple[bytes, float]:
    with drawing():
        return write_sheet(folder, sheet)
