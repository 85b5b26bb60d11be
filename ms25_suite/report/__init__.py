"""The report: tables, figures and one HTML page.

A report depends only on the description of a run, on its results and on the arrays in their
artifacts: this package evaluates no potential and computes no metric.
"""

from __future__ import annotations

from ms25_suite.report.merging.merge import load_results, merge_results
from ms25_suite.report.order import sort_results
from ms25_suite.report.tables import CSV_COLUMNS, config_type_text, terminal_table
from ms25_suite.report.writer import ReportFiles, write_report

__all__ = [
    "CSV_COLUMNS",
    "ReportFiles",
    "config_type_text",
    "load_results",
    "merge_results",
    "sort_results",
    "terminal_table",
    "write_report",
]
