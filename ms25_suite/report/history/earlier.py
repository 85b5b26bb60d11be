"""The report of an earlier run: set aside before another run writes to its folder.

The last report is at the top of a folder, where links and scripts find it. Those before it are in
``runs/``, in a folder each.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ms25_suite.core.documents.parsing import read_json
from ms25_suite.core.errors import ReportError

__all__ = ["RUNS", "EarlierReport", "earlier_folders", "set_aside"]

RUNS: Final = "runs"
"""Folder of the earlier reports, in that of the last one."""

_RESULTS: Final = "results.json"

# The numbers come last: until they are moved, the rest is found and moved by the next run.
_FILES: Final = (
    *("report.html", "heatmap.png", "heatmap.svg", "results.csv", "baseline.json"),
    _RESULTS,
)

_ID_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class EarlierReport:
    """A report that was set aside.

    Parameters
    ----------
    folder
        Where it is now.
    n_results
        Number of its results; None if they cannot be read.
    """

    folder: Path
    n_results: int | None


def set_aside(folder: Path) -> EarlierReport | None:
    """Move the report in a folder to a folder of its own in `RUNS`.

    Journals of runs that were killed stay, and so do the files that they name.

    Parameters
    ----------
    folder
        Folder of the report; need not exist.

    Returns
    -------
    :
        None if there is no report.

    Raises
    ------
    OSError
        It cannot be moved.
    """
    results = folder / _RESULTS
    if not results.is_file():
        return None
    try:
        document = read_json(results, "the results", ReportError)
    except ReportError:
        # Not to be read, and yet somebody's: it is kept as it is.
        document = None
    target = folder / RUNS / _name(document, results)
    target.mkdir(parents=True, exist_ok=True)
    found = document.get("results") if isinstance(document, dict) else None
    move = shutil.copy2 if any(folder.glob("*.jsonl")) else Path.replace
    for artifact in _artifacts(found, folder):
        place = target / artifact
        place.parent.mkdir(parents=True, exist_ok=True)
        move(folder / artifact, place)
    for name in _FILES:
        if (folder / name).is_file():
            (folder / name).replace(target / name)
    return EarlierReport(target, len(found) if isinstance(found, list) else None)


def _name(document: Any, results: Path) -> str:
    """Time of the run and start of its identifier: ``20261127T115037-3f2a9c01``."""
    run = document.get("run") if isinstance(document, dict) else None
    run = run if isinstance(run, dict) else {}
    stamp = re.sub(r"[^0-9T]", "", str(run.get("started") or "").partition("+")[0])
    if not re.fullmatch(r"[0-9]{8}T[0-9]{6}", stamp):
        # A merged report has no start of its own.
        written = datetime.fromtimestamp(results.stat().st_mtime, UTC)
        stamp = f"{written:%Y%m%dT%H%M%S}"
    identifier = re.sub(r"[^0-9a-zA-Z]", "", str(run.get("id") or ""))[:_ID_DIGITS]
    return f"{stamp}-{identifier or 'report'}"


def _artifacts(results: Any, folder: Path) -> Iterator[Path]:
    """Files that results name, relative to their folder and inside it."""
    entries = results if isinstance(results, list) else []
    names = {one.get("artifact") for one in entries if isinstance(one, dict)}
    for name in sorted(name for name in names if name and isinstance(name, str)):
        path = folder / name
        if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
            yield path.relative_to(folder)


def earlier_folders(folder: Path) -> list[Path]:
    """Folders of earlier reports, the oldest first."""
    return sorted(path.parent for path in (folder / RUNS).glob(f"*/{_RESULTS}"))
