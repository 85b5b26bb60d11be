"""Which checks a run includes by default, and why some cannot be run at all.

A run includes all checks that the datasets allow for the given potentials. What they do not allow,
what would train further potentials, and costly checks such as molecular dynamics are included only
if the criterion is named (``-m``, ``-k``, the file of the check); a check that cannot be run is
then skipped with its reason.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ms25_suite.core.catalogue import Criterion, NotAsked, load
from ms25_suite.core.errors import UsageError
from ms25_suite.criteria.case import Case

__all__ = ["is_named", "not_asked"]

_NOT = re.compile(r"\bnot\s+(\w+|\([^()]*\))|\bnot\s*\([^()]*\)")
"""What an expression of ``-m`` or ``-k`` excludes."""


def is_named(config: pytest.Config, criterion: Criterion) -> bool:
    """Whether the command line names a criterion, by its marker, a keyword or its file.

    ``not NAME`` and ``not (NAME or OTHER)`` do not name it.
    """
    expressions = (config.getoption("markexpr", ""), config.getoption("keyword", ""))
    words = {word for text in expressions for word in re.findall(r"\w+", _NOT.sub("", text))}
    if criterion.name in words:
        return True
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        # The arguments are those that the plugin has set, with the checks of every criterion.
        return False
    own = {f"test_{criterion.name}", criterion.checks.rpartition(".")[2] or None}
    stems = {Path(str(argument).split("::")[0]).stem for argument in config.args}
    # A criterion may have further files, such as test_throughput_benchmarks.py.
    return any(stem in own or stem.startswith(f"test_{criterion.name}_") for stem in stems)


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
    if table and not hasattr(dataset.card, table):
        msg = (
            f"the criterion {criterion.name} needs the table [{table}] of a card, which no card "
            "can have"
        )
        raise UsageError(msg)
    if table and getattr(dataset.card, table) is None:
        return f"{dataset.name} has no {criterion.needs_text}: its card has no [{table}]"
    return ""
