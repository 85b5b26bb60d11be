"""Properties of criteria for the report; all are read from the catalogue.

Results may come from criteria that are not installed here. They have a title, made from their name,
and their numbers are in all tables.
"""

from __future__ import annotations

from dataclasses import dataclass

from ms25_suite.core.catalogue import built_in, catalogue, find
from ms25_suite.core.documentation.pages import how_to_read, page_address

__all__ = [
    "Explanation",
    "criterion_title",
    "error_criterion",
    "explain",
    "is_observable",
    "is_transfer",
    "transfer_criteria",
]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Question of a criterion and address of its page, for a reader of its results.

    Parameters
    ----------
    name, title, question
        As in the catalogue; the question is empty if the criterion is not installed.
    address, command
        Where a person reads more: an address of the web, or else a command that shows the page.
        Both are empty if the criterion is not installed.
    """

    name: str
    title: str
    question: str
    address: str
    command: str


def criterion_title(name: str) -> str:
    """Title of a criterion, also of one that is not installed."""
    found = find(name)
    return name.replace("_", " ") if found is None else found.title


def explain(name: str, docs_url: str) -> Explanation:
    """Question of a criterion, and the address of its page.

    Parameters
    ----------
    name
        Name of the criterion, also of one that is not installed.
    docs_url
        Address of the documentation of the suite; empty if it is not published. It comes from a
        file: anything but a web address is ignored.
    """
    found = find(name)
    if found is None:
        return Explanation(name, criterion_title(name), "", "", "")
    page = found.explained_in
    # Only the suite's own pages are under the address of its documentation.
    address = page_address(page, docs_url if name in built_in() else "")
    command = how_to_read(page, site="") if page and not address else ""
    return Explanation(name, found.title, found.question, address, command)


def error_criterion() -> str:
    """Criterion of the errors on frames like those that a potential was trained on.

    It is the first that judges mean absolute errors and does not compare two datasets. Its heatmap
    heads the report, and its errors are what observables and speeds are compared with.
    """
    return next(
        criterion.name
        for criterion in catalogue().values()
        if not criterion.is_transfer
        and any(measure.metric == "mae" for measure in criterion.measures.values())
    )


def transfer_criteria() -> list[str]:
    """Criteria that compare errors on two datasets, in the order of the report."""
    return [criterion.name for criterion in catalogue().values() if criterion.is_transfer]


def is_transfer(name: str) -> bool:
    """Whether a criterion compares errors on two datasets; False if it is not installed."""
    found = find(name)
    return found is not None and found.is_transfer


def is_observable(name: str) -> bool:
    """Whether a criterion is about observables; False if it is not installed."""
    found = find(name)
    return found is not None and found.is_observable
