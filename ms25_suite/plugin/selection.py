"""Which checks a run includes by default, and why some cannot be run at all.

A run includes all checks that the datasets allow for the given potentials. What they do not allow,
what would train further potentials, and costly checks such as molecular dynamics are included only
if the criterion is named (``-m``, ``-k``, the file of the check); a check that cannot be run is
then skipped with its reason.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ms25_suite.core.catalogue import Criterion, NotAsked, load
from ms25_suite.criteria.case import Case

if TYPE_CHECKING:
    import pytest

__all__ = ["is_named", "not_asked"]


def is_named(config: pytest.Config, criterion: str) -> bool:
    """Whether the command line names a criterion, by its marker, a keyword or its file.

    ``not NAME`` does not name it.
    """
    expressions = (config.getoption("markexpr", ""), config.getoption("keyword", ""))
    words = {
        word
        for text in expressions
        # Words of an expression such as "eos or (stability and not slow)".
        for word in re.findall(r"\w+", re.sub(r"\bnot\s+\w+", "", text))
    }
    return criterion in words or any(f"test_{criterion}" in str(arg) for arg in config.args)


def not_asked(criterion: Criterion, case: Case) -> NotAsked | None:
    """Why a check is left out by default; None if it is included.

    Parameters
    ----------
    criterion
        Criterion of the check.
    case
        The potential on the dataset.
    """
    reason = _missing_table(criterion, case)
    if reason:
        return NotAsked(reason)
    found: NotAsked | None = load(criterion.not_asked)(case) if criterion.not_asked else None
    return found if found is not None or criterion.by_default else NotAsked()


def _missing_table(criterion: Criterion, case: Case) -> str:
    """What the card of the dataset lacks for the criterion; empty if nothing."""
    dataset, table = case.dataset, criterion.needs
    if criterion.is_transfer:
        # Of the checks of a transfer, those without a partner need no other dataset.
        if case.parameters.get("partner", table):
            return ""
        return f"{dataset.name} names no partner in its card: {criterion.needs_text}"
    if table and getattr(dataset.card, table) is None:
        return f"{dataset.name} has no {criterion.needs_text}: its card has no [{table}]"
    return ""
