"""Markdown of a run: what comes first, what is cut, and names that are not harmless."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ms25_suite.core.records import RunRecord
from ms25_suite.core.results import Verdict
from ms25_suite.report.summaries.markdown import COMMENT_BYTES, markdown_summary
from tests.helpers.reports import ERROR, RUN, make_result

FAILED = make_result(
    quantity="energy",
    value=12.5,
    unit="meV/atom",
    threshold=2.5,
    verdict=Verdict.FAIL,
    interval=None,
)


def test_the_verdict_comes_first() -> None:
    text = markdown_summary(RUN, [make_result(), FAILED, ERROR])
    first = text.splitlines()[0]
    assert first.startswith("## ! ms25-suite: 1 of 2 results meets its threshold, 1 failed")
    assert "At least one check did not pass (exit status 1)" in first
    # What is wrong, then everything.
    assert text.index("### What failed") < text.index("12.5") < text.index("All numbers")
    assert "WorkerDiedError: gone" in text.partition("All numbers")[0]
    assert "31.2" not in text.partition("All numbers")[0]
    assert "31.2" in text.partition("All numbers")[2]


def test_a_row_has_number_interval_limit_and_unit() -> None:
    text = markdown_summary(RUN, [make_result()])
    row = next(line for line in text.splitlines() if "31.2" in line)
    assert row == "| mace-β | forces mae | 31.2 | [30.5, 32.0] | ≤ 35 | meV/Å | ✓ pass |"
    assert "### Numbers" in text


def test_nothing_red_is_headed_by_a_tick() -> None:
    passed = [make_result()]
    assert markdown_summary(replace(RUN, exit_status=0), passed).startswith("## ✓")
    # Exit status 5: what could be expected was not judged.
    assert markdown_summary(replace(RUN, exit_status=5), passed).startswith("## !")
    assert markdown_summary(replace(RUN, exit_status=5), []).startswith("## !")
    # The worst part of merged runs counts, and one that was killed is no success.
    for status in (5, None):
        parts = (replace(RUN, exit_status=0), replace(RUN, id="2", exit_status=status))
        assert markdown_summary(RunRecord(runs=parts), passed).startswith("## !")


def test_it_is_cut_behind_what_failed() -> None:
    many = [
        make_result(potential=f"p{i}", dataset=f"d{i}", test_dataset=f"d{i}") for i in range(999)
    ]
    text = markdown_summary(RUN, [*many, FAILED], most_bytes=COMMENT_BYTES)
    assert 0.8 * COMMENT_BYTES < len(text.encode()) <= COMMENT_BYTES
    assert "12.5" in text
    assert "of 1001 rows. The report has all.*" in text
    # Nothing that was opened stays open.
    assert text.count("<details>") == text.count("</details>") == 1


def test_a_head_that_is_long_alone_is_cut_too() -> None:
    many = [make_result(potential=f"potential-{i}") for i in range(2000)]
    assert len(markdown_summary(RUN, many, most_bytes=5000).encode()) <= 5000


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a|b", r"a\|b"),
        ("![x](http://x)", r"\!\[x\](http://x)"),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("@someone", "@\u200bsomeone"),
        ("a\nb", r"a b"),
        ("a\x1b[31mb", r"a\\x1b\[31mb"),
    ],
)
def test_names_are_shown_as_they_are(name: str, written: str) -> None:
    text = markdown_summary(RUN, [make_result(potential=name)])
    assert f"| {written} |" in text


def test_where_the_report_is() -> None:
    assert "The report is there." in markdown_summary(RUN, [FAILED], report="The report is there.")
