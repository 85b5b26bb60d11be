"""The criteria of the suite: question, quantities, needs and section of the report of each.

A criterion is a folder in `ms25_suite.criteria` that holds its entry (``CRITERION``), what it
measures and what it draws. Other packages bring criteria of the same shape by the entry point group
``ms25_suite.criteria``. Nothing else in the suite lists criteria.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Final, Self

__all__ = [
    "GROUP",
    "Criterion",
    "Measure",
    "NotAsked",
    "Subject",
    "built_in",
    "catalogue",
    "find",
    "load",
]

GROUP: Final = "ms25_suite.criteria"
"""Entry point group of criteria from other packages."""

_EVERYTHING: Final = "*"
_SPEED: Final = "speed"


@dataclass(frozen=True, slots=True)
class Measure:
    """Metric and unit in which a quantity is compared with its threshold.

    Parameters
    ----------
    metric, unit
        What is compared with a threshold, for instance the ``mae`` in meV/atom.
    at_least
        Whether more is better: then a value from the threshold upwards passes.
    part_of
        Quantity that this one is a part of: where a user's threshold for that one is wider than the
        suite's, the suite's threshold for this one is wider in proportion. Empty for none.
    """

    metric: str
    unit: str
    at_least: bool = False
    part_of: str = ""


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Why a run leaves a check out unless its criterion is named (``-m NAME``).

    Parameters
    ----------
    reason
        Why the check cannot be run; empty if it can, and is left out because of its cost.
    """

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """Entry of a criterion: all that the rest of the suite uses of it.

    Functions of a criterion are named as ``module:function`` and imported when they are called,
    because the entries are read in every pytest session.

    Parameters
    ----------
    name
        Name in results, of the marker, of the check's module (``test_NAME``) and of its page.
    title, question
        Heading, and the question that the check answers, for the report and ``pytest --markers``.
    place
        Position in tables and reports, ascending; criteria of other packages come last.
    measures
        By quantity, what a threshold may be set for. A check may record further numbers.
    main
        Quantity of a check that has no parameter ``quantity``. Where the card of a dataset names
        its observable in the table `needs`, that observable is used instead.
    needs
        Table of a dataset's card without which the check cannot be run; empty if there is none.
    needs_text
        What that table holds, for messages.
    by_default
        Whether a run includes the check without being told to.
    alone
        Whether the check must run alone because it measures wall time.
    is_observable
        Whether it is about what a potential is used for, and not about its errors.
    is_transfer
        Whether it compares errors on the dataset that a potential is for with those on another.
    is_law
        Whether it asks what every potential must obey, whatever it has learned. To pass it says
        nothing about accuracy: where all other verdicts of a run are undecided or compare two
        levels of theory, the run is no success.
    compares_labels
        Whether its numbers compare predictions with labels, curves or paths of the dataset: with
        those of a stand-in, they mean something only for a potential that learned the same method.
    without_labels
        Quantities of such a criterion that need no labels.
    not_asked
        ``(case) -> NotAsked | None``: whether a check is left out for a potential on a dataset, see
        `ms25_suite.criteria.case`. Empty if nothing but `needs` and `by_default` decides.
    section
        ``(run, results) -> Section | None``: what the report shows of it, see
        `ms25_suite.report.section`. Empty if the tables of the report suffice.
    checks
        Module of the checks of another package's criterion. Those of the suite are in ``checks/``.
    thresholds
        ``package:file.toml`` with the thresholds of another package's criterion, laid out as
        ``checks/thresholds.toml``.
    version
        Version of what its numbers mean. It is raised when the definition of a number changes, so
        that no baseline of the former definition is compared with it.
    page
        Address of the page that explains it; by default ``docs/checks/NAME.md``.
    """

    name: str
    title: str
    question: str
    place: int = 1000
    measures: Mapping[str, Measure]
    main: str = ""
    needs: str = ""
    needs_text: str = ""
    by_default: bool = True
    alone: bool = False
    is_observable: bool = False
    is_transfer: bool = False
    is_law: bool = False
    compares_labels: bool = False
    without_labels: tuple[str, ...] = ()
    not_asked: str = ""
    section: str = ""
    checks: str = ""
    thresholds: str = ""
    version: int = 1
    page: str = ""

    @property
    def explained_in(self) -> str:
        """Where a person reads more: an address, or a path in the repository; may be empty."""
        # A criterion of another package has no page in our repository.
        return self.page or ("" if self.checks else f"docs/checks/{self.name}.md")

    def needs_labels(self, quantity: str) -> bool:
        """Whether a quantity compares predictions with labels, curves or paths of the dataset."""
        return self.compares_labels and quantity not in self.without_labels


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule of a user is about: a criterion, a quantity, a quantity of one, or everything.

    Parameters
    ----------
    criterion, quantity
        What it is about; empty for all.
    """

    criterion: str = ""
    quantity: str = ""

    @classmethod
    def named(cls, text: str, start: str) -> Self:
        """What a text names: ``*``, ``forces``, ``eos``, ``eos.volume`` or ``speed``.

        Parameters
        ----------
        text
            The text; ``speed`` is another name of the criterion ``throughput``.
        start
            Start of the message of an error.

        Raises
        ------
        UsageError
            Nothing has that name.
        """
        from ms25_suite.core.errors import UsageError, did_you_mean

        known = catalogue()
        first, dot, second = text.partition(".")
        quantities = {name for one in known.values() for name in one.measures}
        if text == _EVERYTHING:
            return cls()
        if text == _SPEED:
            return cls("throughput")
        if dot and first in known and second in known[first].measures:
            return cls(first, second)
        if not dot and text in known:
            return cls(text)
        if not dot and text in quantities:
            return cls(quantity=text)
        inside = dot and first in known
        names = known[first].measures if inside else [*known, *quantities, _SPEED]
        msg = (
            f"{start}nothing is called {text!r}.{did_you_mean(second if inside else text, names)} "
            "Expected *, a criterion, a quantity, or criterion.quantity"
        )
        raise UsageError(msg)

    @property
    def rank(self) -> int:
        """Of several subjects, that of the highest rank names most."""
        return 2 * bool(self.quantity) + bool(self.criterion)

    def holds_for(self, criterion: str, quantity: str) -> bool:
        """Whether it is about a quantity of a criterion, or about what that is a part of."""
        if self.criterion not in ("", criterion):
            return False
        if self.quantity in ("", quantity):
            return True
        entry = find(criterion)
        measure = None if entry is None else entry.measures.get(quantity)
        return measure is not None and measure.part_of == self.quantity


@cache
def built_in() -> Mapping[str, Criterion]:
    """Criteria of the suite by name, in the order of the report.

    They are the folders of `ms25_suite.criteria`. No metadata of installed packages is read, which
    would cost every pytest session of the environment some 10 ms.
    """
    package = import_module("ms25_suite.criteria")
    folders = [
        entry.name
        for path in package.__path__
        for entry in os.scandir(path)
        # A folder that git left behind holds __pycache__ only.
        if os.path.isfile(os.path.join(entry.path, "__init__.py"))  # noqa: PTH113, PTH118
    ]
    return _in_order(
        import_module(f"{package.__name__}.{name}").CRITERION for name in sorted(folders)
    )


@cache
def catalogue() -> Mapping[str, Criterion]:
    """All criteria by name: those of the suite, then those of other packages.

    Raises
    ------
    UsageError
        A package names an entry that cannot be imported or is no `Criterion`, or a name is taken.
    """
    from ms25_suite.core.entry_points import contributions
    from ms25_suite.core.errors import UsageError

    found, owners = dict(built_in()), dict.fromkeys(built_in(), "ms25-suite")
    outside = []
    for one in contributions(GROUP, UsageError):
        criterion = one.content
        where = f"the entry point {one.name!r} ({GROUP}) of the installed package {one.package}"
        if not isinstance(criterion, Criterion):
            msg = f"{where}: expected a ms25_suite.core.catalogue.Criterion, found {criterion!r}"
            raise UsageError(msg)
        if criterion.name in owners:
            msg = (
                f"{where} brings the criterion {criterion.name!r}, which {owners[criterion.name]} "
                "has already: give it another name"
            )
            raise UsageError(msg)
        if not criterion.checks:
            msg = (
                f"{where}: the criterion {criterion.name!r} names no module of checks: expected "
                f'checks="package.test_{criterion.name}"'
            )
            raise UsageError(msg)
        owners[criterion.name] = one.package
        outside.append(criterion)
    return found | _in_order(outside)


def find(name: str) -> Criterion | None:
    """Criterion of a name; None for one that is not installed, as results of others may name."""
    return built_in().get(name) or catalogue().get(name)


def load(target: str) -> Callable[..., Any]:
    """Function of a criterion, named as ``module:function``.

    Raises
    ------
    UsageError
        There is no such module or function.
    """
    from ms25_suite.core.errors import UsageError

    module, _, name = target.partition(":")
    try:
        function: Callable[..., Any] = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        msg = (
            f"the entry of a criterion names {target!r}, which cannot be imported: {error}. "
            "Expected module:function"
        )
        raise UsageError(msg) from error
    return function


def _in_order(criteria: Any) -> dict[str, Criterion]:
    ordered = sorted(criteria, key=lambda criterion: (criterion.place, criterion.name))
    return {criterion.name: criterion for criterion in ordered}
