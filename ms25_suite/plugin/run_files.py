"""Journal and report of a run on disk, whatever happens to the disk meanwhile."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ms25_suite.core.errors import Ms25Error, UsageError
from ms25_suite.core.journal import Journal
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.core.text.progress import progress

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from ms25_suite.report.history.earlier import EarlierReport

__all__ = ["RunFiles"]

_LOCK: Final = ".lock"


class RunFiles:
    """Writes the journal while checks end, and the report after the last one.

    A disk that is full, or a folder that vanishes, does not end a run: its results are in memory.
    Only one run at a time may write to a folder, since the files of two would be mixed there.

    Parameters
    ----------
    folder
        Folder of the report.

    Attributes
    ----------
    html
        Page of the report; None until it is written.
    earlier
        Report of an earlier run, which was moved out of the way; None if there is none.
    problems
        What could not be written, and where the results are instead.

    Raises
    ------
    UsageError
        Another run writes its report there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
        self._path = folder / f"journal-{stamp}.jsonl"
        self._journal: Journal | None = None
        self._journalled = True
        self._held: BaseFileLock | None = None
        self._occupied = False
        self.html: Path | None = None
        self.earlier: EarlierReport | None = None
        self.problems: list[str] = []
        self._lock()

    def _lock(self) -> None:
        from filelock import FileLock, Timeout

        lock = FileLock(self._folder / _LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            msg = (
                f"--report-dir={self._folder}: another run writes its report there. Choose another "
                "folder, or wait for its end"
            )
            raise UsageError(msg) from error
        # Some file systems of clusters know no locks: then two runs are not noticed.
        except (OSError, NotImplementedError):
            return
        self._held = lock

    def set_earlier_aside(self) -> None:
        """Move the report of an earlier run to a folder of its own, before anything is written."""
        from ms25_suite.report.history.earlier import RUNS, set_aside

        try:
            self.earlier = set_aside(self._folder)
        except OSError as error:
            self._occupied = True
            self.problems.append(
                f"the report of an earlier run in {self._folder} could not be moved to "
                f"{self._folder / RUNS}, and is not replaced: {error.strerror or error}"
            )

    def add(self, run: RunRecord, result: CheckResult) -> None:
        """Write a result to the journal."""
        try:
            if self._journal is None:
                # A folder that was removed meanwhile is made again.
                self._folder.mkdir(parents=True, exist_ok=True)
                self._journal = Journal(self._path, run)
            self._journal.append(result)
        except OSError as error:
            if self._journalled:
                self._journalled = False
                self.problems.append(
                    f"the journal {self._path} could not be written: {error.strerror or error}. A "
                    "run that is killed loses its results"
                )

    def finish(self, run: RunRecord, results: Sequence[CheckResult]) -> bool:
        """Write the report; into a temporary folder if its own cannot be used.

        Returns
        -------
        :
            Whether it was written, and its own folder holds no other report that would be taken
            for it.
        """
        from ms25_suite.report import write_report

        if self._journal is not None:
            self._journal.close()
        if self._occupied:
            return self._write_elsewhere(run, results) and not self._holds_another(run)
        try:
            with progress("writing the report"):
                self.html = write_report(self._folder, run, results).html
        except (Ms25Error, OSError) as error:
            self.problems.append(f"the report could not be written: {error}")
        else:
            # Everything in the journal is now in results.json.
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            return True
        return self._write_elsewhere(run, results) and not self._holds_another(run)

    def add_summary(self, path: Path, run: RunRecord, results: Sequence[CheckResult]) -> bool:
        """Add a summary of the run to a file of Markdown.

        Returns
        -------
        :
            Whether it was written.
        """
        from ms25_suite.report.summaries.markdown import markdown_summary

        report = "" if self.html is None else f"The whole report is in `{self.html.parent.name}/`."
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(markdown_summary(run, results, report=report))
        except OSError as error:
            self.problems.append(
                f"the summary {path} could not be written: {error.strerror or error}"
            )
            return False
        return True

    def _write_elsewhere(self, run: RunRecord, results: Sequence[CheckResult]) -> bool:
        from ms25_suite.report import write_report

        try:
            elsewhere = Path(tempfile.mkdtemp(prefix="ms25-report-"))
            absolute = [
                replace(result, artifact=str(self._folder / result.artifact))
                if result.artifact
                else result
                for result in results
            ]
            self.html = write_report(elsewhere, run, absolute).html
            self.problems.append(
                f"the report of this run is in {elsewhere} instead; what is in {self._folder} is "
                "not its report"
            )
        except (Ms25Error, OSError) as error:
            self.html = None
            kept = (
                f"all results are in {self._path}"
                if self._journalled and self._path.is_file()
                else "the results are on the terminal only"
            )
            self.problems.append(f"nor could it be written elsewhere ({error}): {kept}")
            return False
        return True

    def _holds_another(self, run: RunRecord) -> bool:
        """Whether there are numbers of an earlier run in the folder, which could not be removed."""
        path = self._folder / "results.json"
        try:
            another = str(run.id) not in path.read_text(encoding="utf-8")
        except (OSError, ValueError):
            return False
        if another:
            self.problems.append(f"{path} is that of an earlier run")
        return another

    def close(self) -> None:
        """Let other runs write to the folder."""
        if self._held is not None:
            # While it is held, so that it is nobody else's.
            with suppress(OSError):
                Path(self._held.lock_file).unlink(missing_ok=True)
            self._held.release()
