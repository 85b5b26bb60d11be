"""Sections of the page with their figures embedded; a failing section is replaced by a note."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from ms25_suite.core.catalogue import Criterion, catalogue, load
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.report.figures.embed import Image, embed_drawing
from ms25_suite.report.figures.files import FigureFiles
from ms25_suite.report.section import Block, Section, Table

__all__ = ["EmbeddedBlock", "EmbeddedSection", "Sections"]


@dataclass(frozen=True, slots=True)
class EmbeddedBlock:
    """A `Block` whose drawing is an image for the page."""

    heading: str
    stand_in: bool
    image: Image | None
    points: tuple[str, ...]
    tables: tuple[Table, ...]
    note: str


@dataclass(frozen=True, slots=True)
class EmbeddedSection:
    """A section of the page.

    Parameters
    ----------
    anchor
        Name by which the page links to it.
    title
        Heading.
    blocks, note
        What it shows, and small print at its end.
    """

    anchor: str
    title: str
    blocks: tuple[EmbeddedBlock, ...]
    note: str


@dataclass(slots=True)
class Sections:
    """Sections that could be made, and notes on those that could not.

    Parameters
    ----------
    files
        Writes each figure as a file too; None: they are in the page only.
    notes
        A sentence for each section that is missing, and why.
    """

    files: FigureFiles | None = None
    notes: list[str] = field(default_factory=list)

    def of_criteria(self, run: RunRecord, results: Sequence[CheckResult]) -> list[EmbeddedSection]:
        """Sections of the criteria with results, in the order of the catalogue.

        Parameters
        ----------
        run
            Description of the run.
        results
            Sorted results of all criteria: a section may also use those of others.
        """
        present = {result.criterion for result in results}
        made = [
            self.make(criterion.name, criterion.title, partial(_call, criterion, run, results))
            for criterion in catalogue().values()
            if criterion.section and criterion.name in present
        ]
        return [section for section in made if section is not None]

    def make(
        self, anchor: str, title: str, section_of: Callable[[], Section | None]
    ) -> EmbeddedSection | None:
        """Make a section and embed its figures; what goes wrong becomes a note.

        Parameters
        ----------
        anchor, title
            Of the section.
        section_of
            Makes it. It may be the code of another package: no error of it ends the report.

        Returns
        -------
        :
            None if there is nothing to show, or if it failed.
        """
        try:
            section = section_of()
            if section is None:
                return None
            if not isinstance(section, Section):
                msg = f"expected a ms25_suite.report.section.Section or None, found {section!r}"
                raise TypeError(msg)
            for block in section.blocks:
                if self.files is not None and block.drawing is not None:
                    name = f"{anchor}-{block.heading}" if block.heading else anchor
                    self.files.save(name, block.drawing.figure)
            blocks = tuple(_embed(block) for block in section.blocks)
            return EmbeddedSection(anchor, title, blocks, section.note)
        # Sections are drawn at the end of a run of hours: a defect in a figure must not lose the
        # report.
        except Exception as error:
            self.notes.append(
                f"the section {title!r} is missing, since it could not be made "
                f"({type(error).__name__}: {error}); its numbers are in the tables"
            )
            return None


def _call(criterion: Criterion, run: RunRecord, results: Sequence[CheckResult]) -> Section | None:
    section: Section | None = load(criterion.section)(run, results)
    return section


def _embed(block: Block) -> EmbeddedBlock:
    if not all(isinstance(table, Table) for table in block.tables):
        msg = f"expected tables of ms25_suite.report.section.Table, found {block.tables!r}"
        raise TypeError(msg)
    image = None if block.drawing is None else embed_drawing(block.drawing)
    return EmbeddedBlock(
        block.heading, block.stand_in, image, block.points, block.tables, block.note
    )
