"""The report of a campaign: pages, and every figure as files of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ms25_suite.campaign.paper.compare import beside, order_beside
from ms25_suite.campaign.paper.facts import facts_of, meta_of, stand_ins_of
from ms25_suite.campaign.paper.figures.curves import curve_sheets
from ms25_suite.campaign.paper.figures.drawers import Drawers
from ms25_suite.campaign.paper.figures.errors import error_sheet, framework_sheet, size_sheet
from ms25_suite.campaign.paper.figures.observables import observable_sheet
from ms25_suite.campaign.paper.figures.sheet import (
    Sheet,
    file_name,
    set_words,
    write_sheet,
)
from ms25_suite.campaign.paper.figures.speeds import speed_sheet
from ms25_suite.campaign.paper.figures.style import dataset_title
from ms25_suite.campaign.paper.figures.table8 import Rates, rate_sheet, rates_of
from ms25_suite.campaign.paper.observed import OBSERVABLES
from ms25_suite.campaign.paper.outcomes import ALL_SETS, Outcomes, wanted
from ms25_suite.campaign.paper.page import (
    Chapter,
    Picture,
    missing_rows,
    picture_of,
    rate_table,
    render,
    state_table,
)
from ms25_suite.campaign.paper.planned import read_plan
from ms25_suite.campaign.paper.printed import printed
from ms25_suite.campaign.paper.quoted import quoted
from ms25_suite.core.cache import atomic_path
from ms25_suite.core.errors import ReportError
from ms25_suite.core.text.shown import encodable
from ms25_suite.report.figures.canvas import drawing
from ms25_suite.report.figures.files import FORMATS
from ms25_suite.report.merging.merge import load_results

__all__ = ["write_paper_report"]

_ABSENT: Final = {
    "2": "Not there: no potential has an error of energies, forces or stresses.",
    "3": "Not there: no potential has an error of energies, forces or stresses.",
    "4": "Not there: no potential was judged by size_extensivity on MgO or Water.",
    "5": "Not there: no potential was judged by eos on CHA or HEA, or by neb_barrier on Reaction.",
    "6": "Not there: no potential was judged by framework_transfer.",
    "7": "Not there: nothing was timed; the criterion throughput is asked by name (-m throughput).",
}
"""Why a figure is not there."""

_NO_RATE: Final = "No rate: it needs errors at three training sizes."


def write_paper_report(
    results: Sequence[Path],
    folder: Path,
    *,
    title: str,
    campaign: Mapping[str, object] | None = None,
) -> Path:
    """Write the figures of the paper, made of the results of many runs.

    Parameters
    ----------
    results
        Files ``results.json``, journals or report folders, each of one or more potentials on one
        or more datasets.
    folder
        Folder to write to: ``index.html`` and further pages, and in ``figures/`` every figure as
        SVG, PNG, PDF and CSV. Pages and figures of an earlier report in it are replaced.
    title
        Heading of the pages.
    campaign
        What was planned, and what failed: a table with the fields of
        `ms25_suite.campaign.paper.planned.Plan`.

    Returns
    -------
    :
        Path of ``index.html``.

    Raises
    ------
    ReportError
        A file is missing or is not one of results, or the folder cannot be written to.
    """
    run, found = load_results(results, keep=wanted)
    plan = read_plan(campaign)
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        with drawing():
            return _Writer(Outcomes(run, found, plan), folder, title).write()
    except OSError as error:
        msg = f"cannot write the report to {folder}: {error}; choose a folder that can be written"
        raise ReportError(msg) from error


class _Writer:
    """Writes the pages of one report."""

    def __init__(self, outcomes: Outcomes, folder: Path, title: str) -> None:
        self.outcomes, self.folder, self.title = outcomes, folder, title
        self.written: set[str] = set()
        self.main = outcomes.sets[0] if outcomes.sets else 1
        self.numbers = outcomes.sets or [1]
        if len(self.numbers) > 1:
            self.numbers = [*self.numbers, ALL_SETS]

    def write(self) -> Path:
        """Write everything; the index comes last, when all that it links to is there."""
        names = self.outcomes.datasets
        sheets = {
            (name, number): curve_sheets(self.outcomes, name, number)
            for name in names
            for number in self.numbers
        }
        figures = self.folder / "figures"
        with Drawers(figures, [one for own in sheets.values() for one in own]) as drawers:
            # Meanwhile those of all datasets together.
            parts = {number: self._draw_set(number) for number in self.numbers}
            curves = {
                at: [self._picture(one, *drawers.write(one)) for one in own]
                for at, own in sheets.items()
            }
        for name in names:
            self._write_dataset(name, {number: curves[name, number] for number in self.numbers})
        for number in reversed(self.numbers):
            rows = [one.rows for name in names for one in sheets[name, number]]
            own = {name: curves[name, number] for name in names}
            self._write_set(number, *parts[number], own, rows)
        self._remove_stale()
        return self.folder / "index.html"

    def _write_dataset(self, name: str, curves: Mapping[int, Sequence[Picture]]) -> None:
        chapters = [
            Chapter(
                f"set-{number}",
                f"Figure 3, {set_words(number)}",
                pictures,
                "" if pictures else "Not there: no potential has an error on these test frames.",
            )
            for number, pictures in curves.items()
        ]
        heading = dataset_title(name, self.outcomes)
        self._write_page(_dataset_page(name), heading, chapters, here=heading)

    def _draw_set(self, number: int) -> tuple[Rates, dict[str, Sheet], dict[str, Picture]]:
        """Rates and figures of all datasets together."""
        rates = rates_of(self.outcomes, number)
        made = {
            "2": error_sheet(self.outcomes, number),
            "table-8": rate_sheet(self.outcomes, rates, number),
            "4": size_sheet(self.outcomes, number),
            "5": observable_sheet(self.outcomes, number),
            "6": framework_sheet(self.outcomes, number),
            "7": speed_sheet(self.outcomes, number),
        }
        sheets = {key: one for key, one in made.items() if one is not None}
        figures = self.folder / "figures"
        pictures = {
            key: self._picture(one, *write_sheet(figures, one)) for key, one in sheets.items()
        }
        return rates, sheets, pictures

    def _write_set(
        self,
        number: int,
        rates: Rates,
        sheets: Mapping[str, Sheet],
        pictures: Mapping[str, Picture],
        curves: Mapping[str, Sequence[Picture]],
        curve_rows: Sequence[Sequence[Mapping[str, Any]]],
    ) -> None:
        outcomes = self.outcomes
        # As the paper: the forces of CHA, or of what there is.
        names = sorted(outcomes.datasets, key=lambda name: (name != "cha", not curves[name]))
        example = [
            one
            for name in names[:1]
            for one in curves[name]
            if one.name.startswith(f"figure-3-{file_name(name)}-forces")
        ]
        links = [
            (f"{_dataset_page(name)}#set-{number}", dataset_title(name, outcomes))
            for name in outcomes.datasets
        ]
        chapters = [
            self._chapter("2", "Figure 2: errors", pictures),
            Chapter(
                "figure-3",
                "Figure 3: training curves",
                example,
                "" if any(curves.values()) else _ABSENT["3"],
                beside=quoted(beside(outcomes, rates, printed().of_figure("3"), number)),
                links=links,
            ),
            Chapter(
                "table-8",
                "Table 8: data training rates",
                [pictures["table-8"]] if "table-8" in pictures else [],
                "" if "table-8" in pictures else _NO_RATE,
                rate_table(outcomes, rates) if rates else None,
                quoted(order_beside(outcomes, rates, one) for one in printed().order),
            ),
            self._chapter("4", "Figure 4: cells of another size", pictures),
            self._chapter("5", "Figure 5: observables", pictures),
            self._chapter("6", "Figure 6: other frameworks", pictures),
            self._chapter("7", "Figure 7: speed", pictures),
        ]
        for place, chapter in enumerate(chapters):
            figure = chapter.anchor.removeprefix("figure-")
            if figure in _ABSENT and figure != "3":
                rows = quoted(beside(outcomes, rates, printed().of_figure(figure), number))
                chapters[place] = Chapter(
                    chapter.anchor, chapter.title, chapter.pictures, chapter.absent, beside=rows
                )
        missing = missing_rows([*curve_rows, *(one.rows for one in sheets.values())])
        self._write_page(
            self._set_page(number),
            set_words(number),
            chapters,
            here=set_words(number),
            state=state_table(outcomes) if number == self.main else None,
            missing=missing,
            all_sets=number == ALL_SETS,
        )

    def _chapter(self, figure: str, title: str, pictures: Mapping[str, Picture]) -> Chapter:
        own = [pictures[figure]] if figure in pictures else []
        absent = "" if own else _ABSENT[figure]
        if figure == "5" and own:
            without = [name for name in OBSERVABLES if name not in self.outcomes.datasets]
            titles = ", ".join(dataset_title(name) for name in without)
            absent = f"No panel: nothing was judged on {titles}." if titles else ""
        return Chapter(f"figure-{figure}", title, own, absent)

    def _picture(self, sheet: Sheet, svg: bytes, inches: float) -> Picture:
        self.written |= {f"figures/{sheet.name}.{ending}" for ending in FORMATS}
        return picture_of(sheet, svg, inches)

    def _set_page(self, number: int) -> str:
        if number == self.main:
            return "index.html"
        return "all-sets.html" if number == ALL_SETS else f"set-{number}.html"

    def _write_page(
        self, name: str, heading: str, chapters: Sequence[Chapter], *, here: str, **more: Any
    ) -> None:
        outcomes = self.outcomes
        pages = [(self._set_page(number), set_words(number)) for number in self.numbers]
        pages += [(_dataset_page(one), dataset_title(one, outcomes)) for one in outcomes.datasets]
        values: dict[str, Any] = {"state": None, "missing": (), "all_sets": False} | more
        text = render(
            "paper.html",
            title=self.title,
            heading=heading,
            meta=meta_of(outcomes),
            pages=pages,
            here=here,
            stand_ins=stand_ins_of(outcomes),
            chapters=chapters,
            facts=facts_of(outcomes) if name == "index.html" else (),
            **values,
        )
        with atomic_path(self.folder / name) as temporary:
            temporary.write_bytes(encodable(text).encode())
        self.written.add(name)

    def _remove_stale(self) -> None:
        """Remove what an earlier report left: it would be taken for a part of this one."""
        patterns = ("figures/figure-*", "figures/table-8*", "set-*.html", "dataset-*.html")
        found = [path for one in patterns for path in self.folder.glob(one)]
        for path in [*found, self.folder / "all-sets.html"]:
            if path.relative_to(self.folder).as_posix() not in self.written:
                with suppress(OSError):
                    path.unlink(missing_ok=True)


def _dataset_page(name: str) -> str:
    return f"dataset-{file_name(name)}.html"
