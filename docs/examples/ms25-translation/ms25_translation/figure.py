"""What the report shows of the criterion: a bar for each frame that was moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ms25_suite.core.details import details_of
from ms25_suite.core.results import CheckResult
from ms25_suite.report.figures.canvas import new_figure
from ms25_suite.report.section import Block, Drawing, Section
from ms25_translation.measure import KEY, TranslationDetails

__all__ = ["section"]


def section(run: Any, results: Sequence[CheckResult]) -> Section | None:
    """A drawing for each potential; None if nothing was measured."""
    blocks = []
    for result in results:
        details = details_of(result, KEY, TranslationDetails)
        if details is None:
            continue
        energies = [abs(value) for value in details.energies]
        figure = new_figure(4.0, 2.6)
        axes = figure.subplots()
        axes.bar(range(1, len(energies) + 1), energies)
        axes.set_xlabel("frame")
        axes.set_ylabel(f"change of the energy ({result.unit})")
        figure.tight_layout()
        alt = f"Change of the energy of {len(energies)} frames that were moved as a whole."
        heading = f"{result.potential} on {result.test_dataset}"
        blocks.append(Block(heading, result.stand_in, Drawing(figure, alt)))
    note = "Each frame was moved as a whole by a random vector of up to 5 Å along each axis."
    return Section(tuple(blocks), note) if blocks else None
