"""Numbers of the paper's text, with one's own beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from ms25_suite.campaign.paper.figures.speeds import speed_reading
from ms25_suite.campaign.paper.figures.style import dataset_title
from ms25_suite.campaign.paper.figures.table8 import Rates
from ms25_suite.campaign.paper.observed import OBSERVABLES, observed
from ms25_suite.campaign.paper.outcomes import Outcomes, Place
from ms25_suite.campaign.paper.printed import ARCHITECTURES, Order, Statement
from ms25_suite.campaign.paper.quoted import Beside
from ms25_suite.campaign.paper.rates import error_place
from ms25_suite.campaign.paper.readings import Reading
from ms25_suite.campaign.paper.subjects import TITLES, Variant
from ms25_suite.core.errors import listed
from ms25_suite.core.units import DIMENSIONLESS
from ms25_suite.criteria.framework_transfer import CRITERION as FRAMEWORKS
from ms25_suite.criteria.size_extensivity import CRITERION as SIZES
from ms25_suite.report.wording import cell_number, middle_cut, number, plain_number, pretty_unit

__all__ = ["beside", "order_beside"]

_PAPER_LARGEST: Final = 1000
"""Largest number of training frames of the paper."""

_LONGEST_REASON: Final = 160


@dataclass(frozen=True, slots=True)
class _Own:
    label: str
    reading: Reading
    n: int | None = None


def beside(
    outcomes: Outcomes, rates: Rates, statements: Iterable[Statement], number: int
) -> list[Beside]:
    """Own numbers of a set beside statements; a row for each dataset that a statement is about."""
    rows = []
    for statement in statements:
        pairs = statement.pairs or tuple((name, name) for name in outcomes.datasets)
        known = [pair for pair in pairs if pair[0] in outcomes.datasets]
        if not known:
            names = listed([dataset_title(own) for own in statement.dataset])
            rows.append(_row(statement, names, f"no result of {names}", ""))
        for pair in known:
            rows.append(_beside(outcomes, rates, statement, pair, number))
    return rows


def order_beside(outcomes: Outcomes, rates: Rates, order: Order) -> Beside:
    """Own order of the architectures beside that of the paper."""
    found = [
        (curve.line.rate, curve.variant.label)
        for (name, quantity, _), curve in rates.items()
        if (name, quantity) == (order.dataset, order.quantity) and curve.line is not None
    ]
    ours = ", ".join(f"{label} {number(rate)}" for rate, label in sorted(found, reverse=True))
    stand_in = order.dataset in outcomes.stand_ins
    return Beside(
        order.quote,
        f"{dataset_title(order.dataset, outcomes)}, {order.quantity}",
        ", ".join(TITLES[name] for name in order.architectures),
        ours or "no rate",
        "stand-in labels" if stand_in and found else "",
        "from the highest rate to the lowest",
    )


def _beside(
    outcomes: Outcomes, rates: Rates, statement: Statement, pair: tuple[str, str], number: int
) -> Beside:
    own, test = pair
    title = dataset_title(own) if own == test else f"{dataset_title(own)} → {dataset_title(test)}"
    if test in outcomes.stand_ins:
        title += "†"
    if statement.what == "reference":
        found = _references(outcomes, own, number)
    else:
        found = _numbers(outcomes, rates, statement, pair, number)
    shown = [one for one in found if one.reading.value is not None]
    lost = [one for one in found if one.reading.value is None]
    frames = {one.n for one in shown}
    parts = [_text(one, statement, with_n=len(frames) > 1) for one in shown]
    other = sorted(n for n in frames if n is not None and n != statement.n)
    if len(frames) == 1 and other:
        parts[-1] += f" ({other[0]} frames)"
    if not shown:
        reasons = list(dict.fromkeys(one.reading.reason.split("\n")[0] for one in lost))
        parts = [middle_cut("; ".join(reasons[:2]), _LONGEST_REASON) or "no result"]
    elif lost:
        parts.append(f"none of {listed([one.label for one in lost])}")
    agrees = ""
    if shown and statement.what != "reference" and test in outcomes.stand_ins:
        agrees = "stand-in labels"
    elif shown:
        agrees = _agreement(statement, shown)
        agrees += ", other sizes" if other and statement.n is not None else ""
    return _row(statement, title, ", ".join(parts), agrees)


def _row(statement: Statement, about: str, ours: str, agrees: str) -> Beside:
    quantity = statement.quantity.replace("_", " ").replace("katoms per s", "speed")
    what = {"ratio": "ratio of errors", "rate": "rate", "reference": "reference"}.get(
        statement.what, ""
    )
    words = f"{about}, {quantity}{f' ({what})' if what else ''}"
    return Beside(statement.quote, words, _theirs(statement), ours, agrees, statement.remark)


def _theirs(statement: Statement) -> str:
    low, high = statement.low, statement.high
    if low is None or high is None:
        bound = high if low is None else low
        text = f"{'at most' if low is None else 'at least'} {plain_number(float(bound or 0.0))}"
    elif low == high:
        text = plain_number(low)
    else:
        text = f"{plain_number(low)} to {plain_number(high)}"
    unit = "" if statement.unit == DIMENSIONLESS else f" {pretty_unit(statement.unit)}"
    who = listed([TITLES[name] for name in statement.architectures])
    if statement.over:
        who += f" over {listed([TITLES[name] for name in statement.over])}"
    frames = "" if statement.n is None else f"{statement.n} frames"
    if statement.over_n is not None:
        frames += f" over {statement.over_n}"
    context = ", ".join(filter(None, (who, frames)))
    return f"{'about ' if statement.about else ''}{text}{unit}{f' ({context})' if context else ''}"


def _text(one: _Own, statement: Statement, *, with_n: bool) -> str:
    frames = f" ({one.n} frames)" if with_n and one.n is not None else ""
    # A lattice constant has the mean size of several errors, which has no sign.
    signed = statement.what == "error" and statement.quantity != "lattice_constant"
    sign = "+" if signed and (one.reading.value or 0) > 0 else ""
    return f"{one.label} {sign}{cell_number(float(one.reading.value or 0.0))}{frames}".strip()


def _agreement(statement: Statement, shown: Sequence[_Own]) -> str:
    low, high = statement.low, statement.high
    values = [float(one.reading.value or 0.0) for one in shown]
    if low is not None and low == high:
        factors = [value / low for value in values]
        if min(factors) == max(factors):
            return f"{number(factors[0], 2)} times the paper's"
        return f"{number(min(factors), 2)} to {number(max(factors), 2)} times the paper's"
    inside = sum(
        (low is None or value >= low) and (high is None or value <= high) for value in values
    )
    return f"{inside} of {len(values)} within"


def _chosen(outcomes: Outcomes, names: Sequence[str]) -> list[Variant]:
    names = names or ARCHITECTURES
    return [one for one in outcomes.variants if one.trained and one.architecture in names]


def _numbers(
    outcomes: Outcomes,
    rates: Rates,
    statement: Statement,
    pair: tuple[str, str],
    number: int,
) -> list[_Own]:
    own = [
        _number(outcomes, rates, statement, pair, variant, number, statement.n)
        for variant in _chosen(outcomes, statement.architectures)
    ]
    if not own:
        names = listed([TITLES[name] for name in statement.architectures or ARCHITECTURES])
        return [_Own("", Reading(None, reason=f"no result of {names}"))]
    if statement.over_n is not None:
        return [
            _ratio(
                one.label,
                [one],
                [_number(outcomes, rates, statement, pair, variant, number, statement.over_n)],
            )
            for one, variant in zip(own, _chosen(outcomes, statement.architectures), strict=True)
        ]
    if statement.over:
        there = {one.architecture for one in outcomes.variants if one.trained}
        lost = [x for x in (*statement.architectures, *statement.over) if x not in there]
        if lost:
            names = listed([TITLES[name] for name in lost])
            return [_Own("", Reading(None, reason=f"a ratio without a result of {names}"))]
        base = [
            _number(outcomes, rates, statement, pair, variant, number, statement.n)
            for variant in _chosen(outcomes, statement.over)
        ]
        return [_ratio("", own, base)]
    return own


def _ratio(label: str, own: Sequence[_Own], base: Sequence[_Own]) -> _Own:
    """Mean of some numbers over the mean of others, all at one number of training frames."""
    above = [one for one in own if one.reading.value is not None]
    below = [one for one in base if one.reading.value is not None]
    names = [one.label for one in (*own, *base) if one.reading.value is None]
    if len(above) < len(own) or len(below) < len(base) or not below or not above:
        return _Own(label, Reading(None, reason=f"a ratio without a number of {listed(names)}"))
    value = fmean(float(one.reading.value or 0.0) for one in above) / fmean(
        float(one.reading.value or 0.0) for one in below
    )
    frames = {one.n for one in (*above, *below)}
    return _Own(label, Reading(value, DIMENSIONLESS), frames.pop() if len(frames) == 1 else None)


def _number(
    outcomes: Outcomes,
    rates: Rates,
    statement: Statement,
    pair: tuple[str, str],
    variant: Variant,
    number: int,
    n: int | None,
) -> _Own:
    own, test = pair
    if statement.what == "rate":
        curve = rates.get((own, statement.quantity, variant.label))
        if curve is None or curve.line is None:
            return _Own(variant.label, Reading(None, reason=curve.reason if curve else "no rate"))
        return _Own(variant.label, Reading(curve.line.rate, DIMENSIONLESS, curve.line.interval))
    if statement.what == "speed":
        size, reading = speed_reading(outcomes, own, variant, number)
        return _Own(variant.label, reading, size)
    sizes = outcomes.sizes(own)
    # The paper's largest number stands for one's own largest.
    candidates = [n] if n is not None else []
    if n in (None, _PAPER_LARGEST):
        candidates += [size for size in reversed(sizes) if size != n]
    where = "" if n is None else f" at {n} training frames"
    found = _Own(variant.label, Reading(None, reason=f"no result{where}"), n)
    for size in candidates:
        reading = _reading(outcomes, statement, own, test, variant, size, number)
        if reading.value is not None:
            return _Own(variant.label, reading, size)
        if reading.results:
            found = _Own(variant.label, reading, size)
    return found


def _reading(
    outcomes: Outcomes,
    statement: Statement,
    own: str,
    test: str,
    variant: Variant,
    n: int,
    number: int,
) -> Reading:
    if statement.what == "error":
        return observed(outcomes, OBSERVABLES[own], variant, n, number).reading
    if own == test:
        return outcomes.reading(error_place(own, statement.quantity), variant, n, number)
    criterion = FRAMEWORKS.name if own == "cha" else SIZES.name
    metric = "ratio" if statement.what == "ratio" else "mae"
    place = Place(criterion, statement.quantity, metric, own, test)
    return outcomes.reading(place, variant, n, number)


def _references(outcomes: Outcomes, dataset: str, number: int) -> list[_Own]:
    place = OBSERVABLES[dataset]
    for variant in outcomes.variants:
        for n in outcomes.sizes(dataset):
            found = observed(outcomes, place, variant, n, number).reference
            if found is not None:
                return [_Own("", Reading(found, ""))]
    return [_Own("", Reading(None, reason="no potential was judged on it"))]
