"""How much worse a number may be than the accepted one before that is a regression."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Final, Self

from ms25_suite.core.catalogue import Subject, catalogue
from ms25_suite.core.contracts import read_as
from ms25_suite.core.documents.parsing import parse_toml
from ms25_suite.core.errors import BaselineError, UsageError
from ms25_suite.core.units import DIMENSIONLESS

__all__ = ["Allowances", "Rule", "parse_rules"]

_AMOUNT: Final = re.compile(r"\s*([0-9.]+(?:[eE][+-]?[0-9]+)?)\s*(\S.*?)?\s*")


@dataclass(frozen=True, slots=True)
class Rule:
    """An allowance that a user has set.

    Parameters
    ----------
    subject
        What it is for.
    amount
        How much worse a number may be.
    unit
        Unit of the amount; ``%`` for per cent of the accepted number.
    """

    subject: Subject
    amount: float
    unit: str

    def allows(self, before: float) -> float:
        """Allowed difference, in the unit of the number."""
        return abs(before) * self.amount / 100 if self.unit == "%" else self.amount


def parse_rules(texts: Iterable[str]) -> tuple[Rule, ...]:
    """Rules of ``--ms25-fail-if``.

    Parameters
    ----------
    texts
        Rules such as ``forces:5%``, ``energy:0.2meV/atom``, ``eos.volume:0.1%`` or ``*:2%``, also
        several in one text with commas between them.

    Raises
    ------
    UsageError
        A rule is no such text, is about nothing that is known, or has a unit that nothing has.
    """
    return tuple(
        _rule(text.strip()) for group in texts for text in group.split(",") if text.strip()
    )


def _rule(text: str) -> Rule:
    start = f"--ms25-fail-if={text}: "
    what, colon, rest = text.partition(":")
    found = _AMOUNT.fullmatch(rest)
    amount = math.nan
    if found:
        try:
            amount = float(found[1])
        except ValueError:
            found = None
    if not colon or not what or found is None or not math.isfinite(amount):
        msg = (
            f"{start}expected WHAT:AMOUNT, for instance forces:5%, energy:0.2meV/atom, "
            "eos.volume:0.1% or *:2%"
        )
        raise UsageError(msg)
    subject = Subject.named(what.strip(), start)
    unit = (found[2] or "").replace("/A", "/Å")
    units = _units(subject)
    if unit != "%" and unit not in units:
        named = f"has the unit {unit}" if unit else "has no unit"
        msg = f"{start}the amount {named}; expected {' or '.join(['%', *sorted(units)])}"
        raise UsageError(msg)
    return Rule(subject, amount, unit)


def _units(subject: Subject) -> set[str]:
    chosen = [one for one in catalogue().values() if subject.criterion in ("", one.name)]
    return {
        measure.unit
        for one in chosen
        for name, measure in one.measures.items()
        if subject.quantity in ("", name) and measure.unit not in ("%", DIMENSIONLESS)
    }


@dataclass(frozen=True, slots=True)
class _Own:
    percent: float
    source: str


@dataclass(frozen=True, slots=True)
class Allowances:
    """The allowances of the suite, and those that a user has set.

    Parameters
    ----------
    percent
        Of the accepted number.
    source
        Where that comes from.
    floors
        Least allowance by unit: what rounding, another machine or another number of threads
        changes.
    criteria
        Per cent for single criteria.
    quantities
        Per cent for single quantities.
    rules
        What the user has set.
    """

    percent: float
    source: str
    floors: Mapping[str, float]
    criteria: Mapping[str, _Own] = field(default_factory=dict)
    quantities: Mapping[str, _Own] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    @classmethod
    def default(cls) -> Self:
        """Allowances of the suite, from ``allowances.toml``."""
        file = files("ms25_suite.baseline") / "allowances.toml"
        content = parse_toml(file.read_text(encoding="utf-8"), "allowances.toml", BaselineError)
        return read_as(cls, content, "allowances.toml", BaselineError)

    def with_rules(self, rules: tuple[Rule, ...]) -> Allowances:
        """The same with rules of a user."""
        return replace(self, rules=rules)

    def allowed(self, criterion: str, quantity: str, unit: str, before: float) -> float:
        """Difference to the worse that is no regression, in the unit of the number.

        Parameters
        ----------
        criterion, quantity, unit
            What the number is, and its unit.
        before
            The accepted number.
        """
        fitting = [
            rule
            for rule in self.rules
            if rule.subject.holds_for(criterion, quantity) and rule.unit in ("%", unit)
        ]
        single = self.quantities.get(quantity)
        own = single or self.criteria.get(criterion)
        amount = abs(before) * (self.percent if own is None else own.percent) / 100
        if fitting:
            # The last one of those that name most.
            rule = max(reversed(fitting), key=lambda rule: rule.subject.rank)
            # A rule for all forces is not meant for the one frame that is worst.
            tighter = single is not None and rule.subject.quantity != quantity
            amount = max(rule.allows(before), amount) if tighter else rule.allows(before)
        return max(amount, self.floors.get(unit, 0.0))
