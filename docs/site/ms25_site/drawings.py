"""Drawings of the report as files of the site."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ms25_suite.core.catalogue import built_in, load
from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.report.figures.canvas import svg_bytes
from ms25_suite.report.section import Drawing, Section

__all__ = ["drawings_of", "save_drawing", "section_of"]


def section_of(name: str, run: RunRecord, results: Sequence[CheckResult]) -> Section:
    """What the report shows of a criterion; within `ms25_suite.report.figures.canvas.drawing`."""
    section: Section = load(built_in()[name].section)(run, results)
    return section


def drawings_of(section: Section) -> list[Drawing]:
    """All drawings of a section, in their order."""
    return [block.drawing for block in section.blocks if block.drawing is not None]


def save_drawing(one: Drawing, folder: Path, name: str) -> str:
    """Write a drawing as SVG, and return the Markdown that shows it on the page of a check."""
    (folder / f"{name}.svg").write_bytes(svg_bytes(one.figure))
    return f"![{one.alt}](../pictures/{name}.svg)"
