"""The report: tables, figures and one HTML page.

A pure function of a run description, of results and of the arrays behind them: nothing here
predicts, and nothing here computes a metric.
"""

from __future__ import annotations

from ms25_suite.report.merge import load_results, merge_results, sort_results
from ms25_suite.report.tables import CSV_COLUMNS, terminal_table
from ms25_suite.report.writer import ReportFiles, write_report

__all__ = [
    "CSV_COLUMNS",
    "ReportFiles",
    "load_results",
    "merge_results",
    "sort_results",
    "terminal_table",
    "write_report",
]
