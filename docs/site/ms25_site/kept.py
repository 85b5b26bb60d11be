"""Pictures of checks that train or measure time: what the report shows of results that are kept.

Their numbers would take hours, or an idle machine, each time that the site is built. So they are
those of the paper in small on HEA, as `docs/measured.md` describes them.
"""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ms25_site.drawings import drawings_of, save_drawing, section_of
from ms25_suite.report import load_results
from ms25_suite.report.figures.canvas import drawing
from ms25_suite.report.order import sort_potentials

__all__ = ["KEPT", "draw_kept"]

_ARCHIVE: Final = Path(__file__).parents[2] / "results" / "paper-smoke" / "hea.tar.xz"


@dataclass(frozen=True, slots=True)
class _Kept:
    """A picture of results that are kept.

    Parameters
    ----------
    caption
        What it shows.
    files
        Results in the archive.
    drawing
        Number of the drawing in the section of the report.
    """

    caption: str
    files: tuple[str, ...]
    drawing: int = 0


KEPT: Final = {
    "training_rate": _Kept(
        "Five architectures that were trained on 25, 50 and 100 frames of HEA, as the report shows "
        "them ([measured](../measured.md#the-paper-in-small)). *Good* is Allegro: each doubling of "
        "the frames makes its errors of the forces a quarter smaller, and the interval of its rate "
        "is far from zero. *Bad* is MTP: more frames do not help. Its trainings end after a few "
        "steps, and not for lack of data. Of the rates with wide intervals nothing is known: three "
        "sizes are few.",
        files=("hea/*-rate.json",),
    ),
    "throughput": _Kept(
        "Four architectures that were trained on 100 frames of HEA, in LAMMPS on one core, as the "
        "report shows them ([measured](../measured.md#the-paper-in-small)). *Good* are Allegro and "
        "MACE, on the line: no other is both faster and more accurate. *Bad* are NequIP and ANI: "
        "Allegro is faster than each of them, and more accurate. The speed of a fifth, MTP, was "
        "too noisy for a number.",
        files=("hea/*-n100.json", "hea/*-speed.json"),
        drawing=1,
    ),
}
"""Criteria that have such a picture."""


def draw_kept(folder: Path) -> Iterator[tuple[str, str]]:
    """Draw the pictures.

    Parameters
    ----------
    folder
        An existing folder to write to, beside that of the pages of the checks.

    Yields
    ------
    :
        Name of a criterion, and what its page shows, in Markdown.
    """
    with tempfile.TemporaryDirectory() as scratch:
        with tarfile.open(_ARCHIVE) as archive:
            archive.extractall(scratch, filter="data")
        for name, kept in KEPT.items():
            files = [path for one in kept.files for path in sorted(Path(scratch).glob(one))]
            run, results = load_results(files)
            with drawing(sort_potentials(run, results)):
                chosen = drawings_of(section_of(name, run, results))[kept.drawing]
                shown = save_drawing(chosen, folder, name)
            yield name, f"{shown}\n\n{kept.caption}\n"
