"""Pages of the report of a campaign: one for each set, one for each dataset."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ms25_suite.campaign.paper.figures.sheet import Sheet, set_words
from ms25_suite.campaign.paper.figures.style import dataset_title
from ms25_suite.campaign.paper.figures.table8 import Rates, published
from ms25_suite.campaign.paper.outcomes import Outcomes
from ms25_suite.campaign.paper.quoted import Quoted
from ms25_suite.campaign.paper.rates import error_place
from ms25_suite.core.text.shown import visible
from ms25_suite.core.units import QUANTITY_UNITS
from ms25_suite.report.figures.embed import embed_svg
from ms25_suite.report.figures.files import FORMATS
from ms25_suite.report.wording import QUANTITY_LETTERS, value_text

__all__ = [
    "Chapter",
    "Picture",
    "missing_rows",
    "picture_of",
    "rate_table",
    "render",
    "state_table",
]

_MOST_REASONS: Final = 40
_MOST_EXAMPLES: Final = 4


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure on a page.

    Parameters
    ----------
    name, title, caption, alt
        As those of `Sheet`.
    uri, width
        The image itself, and its width in CSS pixels.
    formats
        Endings of its files.
    """

    name: str
    title: str
    caption: str
    alt: str
    uri: str
    width: int
    formats: tuple[str, ...] = FORMATS


@dataclass(frozen=True, slots=True)
class Chapter:
    """Part of a page.

    Parameters
    ----------
    anchor, title
        Heading, and its name in links.
    pictures
        Figures.
    absent
        Why there is none; empty if there is.
    table
        Table 8, see `rate_table`; None elsewhere.
    beside
        Numbers of the paper's text.
    links
        Addresses and texts of further pages.
    """

    anchor: str
    title: str
    pictures: Sequence[Picture] = ()
    absent: str = ""
    table: Mapping[str, Any] | None = None
    beside: Sequence[Quoted] = ()
    links: Sequence[tuple[str, str]] = field(default=())


def picture_of(sheet: Sheet, svg: bytes, inches: float) -> Picture:
    """Figure of a sheet as an embedded image, of a width in print."""
    image = embed_svg(svg, inches, sheet.alt)
    # A little larger than in print: a screen is read from farther away.
    width = round(1.35 * image.width)
    return Picture(sheet.name, sheet.title, sheet.caption, sheet.alt, image.uri, width)


def rate_table(outcomes: Outcomes, rates: Rates) -> dict[str, Any]:
    """Table 8: own rates with their intervals, and those of the paper below."""
    groups = []
    for name in outcomes.datasets:
        quantities = [key for key in QUANTITY_UNITS if any((name, key) == one[:2] for one in rates)]
        if quantities:
            groups.append((name, quantities))
    rows = []
    for variant in outcomes.variants:
        if not variant.trained:
            continue
        cells = []
        for name, quantities in groups:
            for quantity in quantities:
                curve = rates.get((name, quantity, variant.label))
                line = None if curve is None else curve.line
                theirs = published(name, quantity, variant.architecture)
                value, interval = (
                    ("–", "") if line is None else value_text(line.rate, line.interval)
                )
                reason = "not run" if curve is None else curve.reason
                title = reason if line is None else f"{line.source}; sizes {line.sizes}"
                paper = "" if theirs is None else f"{theirs:.3f}"
                cells.append((value, interval, title, paper))
        rows.append((variant.label, cells))
    heads = [
        (dataset_title(name, outcomes), [QUANTITY_LETTERS[one] for one in quantities])
        for name, quantities in groups
    ]
    return {"heads": heads, "rows": rows}


def state_table(outcomes: Outcomes) -> dict[str, Any]:
    """How many trainings of each dataset and variant have a force or energy error."""
    variants = outcomes.variants
    rows = []
    for name in outcomes.datasets:
        cells = []
        for variant in variants:
            sizes: list[int | None] = [*outcomes.sizes(name)] if variant.trained else [None]
            sets = outcomes.sets if variant.trained else outcomes.sets[:1]
            done = sum(
                outcomes.reading(error_place(name, "energy"), variant, n, number).value is not None
                for n in sizes
                for number in sets
            )
            cells.append((done, len(sizes) * len(sets)))
        rows.append((dataset_title(name, outcomes), cells))
    return {"heads": [one.label for one in variants], "rows": rows}


def missing_rows(sheets: Iterable[Sequence[Mapping[str, Any]]]) -> list[tuple[str, int, str]]:
    """Reasons of the numbers that are not there, how many have each, and examples.

    The most frequent ones come first; at most a screen of them.
    """
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for rows in sheets:
        for row in rows:
            if row.get("value") is not None or row["figure"] == "table-8":
                continue
            if str(row["quantity"]).endswith(" rate"):
                continue
            tested = row["tested_on"]
            where = row["dataset"] if tested == row["dataset"] else f"{row['dataset']} → {tested}"
            n = "" if row.get("n_train") is None else f", {row['n_train']} frames"
            reason = " ".join(str(row["reason"]).split())
            at = f"{row['potential']} on {where}{n}, set {row['set']}, {row['quantity']}"
            found[reason][at] = None
    ordered = sorted(found.items(), key=lambda entry: -len(entry[1]))
    rows_: list[tuple[str, int, str]] = []
    for reason, places in ordered[:_MOST_REASONS]:
        shown = "; ".join(list(places)[:_MOST_EXAMPLES])
        more = len(places) - _MOST_EXAMPLES
        rows_.append((reason, len(places), shown + (f"; and {more} more" if more > 0 else "")))
    if len(ordered) > _MOST_REASONS:
        rest = ordered[_MOST_REASONS:]
        count = sum(len(places) for _, places in rest)
        rows_.append((f"{len(rest)} further reasons", count, "in the CSV files"))
    return rows_


def render(template: str, **values: Any) -> str:
    """Render a page: everything in one file that opens without a network."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader(
            [
                PackageLoader("ms25_suite.campaign.paper", "templates"),
                # The style sheet is that of all reports.
                PackageLoader("ms25_suite.report", "templates"),
            ]
        ),
        # Names of potentials and reasons are foreign text.
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(set_words=set_words)
    return environment.get_template(template).render(**values)
