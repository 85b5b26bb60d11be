"""Sections of criteria that show one figure for each dataset and observable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from ms25_suite.core.details import details_of
from ms25_suite.core.results import CheckResult
from ms25_suite.report.comparisons import MARK
from ms25_suite.report.criteria import criterion_title
from ms25_suite.report.section import Block, Drawing, Section
from ms25_suite.report.wording import pair_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Drawn", "observable_section"]

T = TypeVar("T")

Drawn: TypeAlias = Sequence[tuple[CheckResult, T]]
"""Results on one dataset, one for each potential, and the details behind them."""


def observable_section(
    results: Sequence[CheckResult],
    criterion: str,
    key: str,
    kind: type[T],
    draw: Callable[[Drawn[T]], Figure | None],
    note: str,
) -> Section | None:
    """Section with a figure for each dataset and quantity; the potentials share it.

    Parameters
    ----------
    results
        All results of a report.
    criterion
        Name of the criterion.
    key, kind
        Key of the details that a figure is drawn from, and their type. Results without such details
        are left out.
    draw
        Draws the results of one dataset and quantity; None if there is nothing to draw.
    note
        What a reader needs to know about the figures.

    Returns
    -------
    :
        None if there is no figure.
    """
    groups: dict[tuple[str, str], list[tuple[CheckResult, T]]] = {}
    for result in results:
        details = details_of(result, key, kind) if result.criterion == criterion else None
        if details is not None:
            label = pair_label(result.dataset, result.test_dataset)
            groups.setdefault((label, result.quantity), []).append((result, details))
    blocks = []
    for (label, quantity), own in groups.items():
        figure = draw(own)
        if figure is None:
            continue
        words = quantity.replace("_", " ")
        alt = f"{criterion_title(criterion)} of {label}: {words} of each potential."
        stand_in = any(result.stand_in for result, _ in own)
        incomparable = any(result.incomparable for result, _ in own)
        heading = f"{label}, {words}" + (f" {MARK}" if incomparable else "")
        blocks.append(Block(heading, stand_in, Drawing(figure, alt)))
    return Section(tuple(blocks), note) if blocks else None
