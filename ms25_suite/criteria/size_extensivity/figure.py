"""Heatmap of errors on cells of another size, the paper's Figure 4, and their ratios."""

from __future__ import annotations

from collections.abc import Sequence

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.criteria.size_extensivity import CRITERION
from ms25_suite.report.pairs import pair_section
from ms25_suite.report.section import Section

__all__ = ["section"]


def section(run: RunRecord, results: Sequence[CheckResult]) -> Section | None:
    """Section of the report; None if there is no error to show."""
    return pair_section(run, results, CRITERION.name)
