"""Annotations of GitHub: how many, where, and what must be escaped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ms25_suite.core.results import Verdict
from ms25_suite.report.summaries.annotations import MOST, collect_annotations
from tests.helpers.reports import ERROR, RUN, make_result

FAILED = make_result(verdict=Verdict.FAIL, value=50.0, interval=(48.0, 52.0))


def test_failures_and_errors_are_errors_and_undecided_is_a_warning() -> None:
    undecided = make_result(verdict=Verdict.UNDECIDED, quantity="energy")
    found = collect_annotations(RUN, [make_result(quantity="stress"), FAILED, ERROR, undecided])
    assert [one.level for one in found] == ["error", "error", "warning"]
    assert found[0].command() == (
        "::error title=mace-β on mgo%3A forces mae (error_thresholds)::"
        "fail: 50 [48, 52] meV/Å, limit ≤ 35"
    )
    assert "WorkerDiedError: gone" in found[1].command()


@pytest.mark.parametrize(("n_failed", "n_shown"), [(0, 0), (MOST, MOST), (MOST + 5, MOST)])
def test_there_are_at_most_ten(n_failed: int, n_shown: int) -> None:
    results = [replace(FAILED, potential=f"p{i:02}") for i in range(n_failed)]
    found = collect_annotations(RUN, results)
    assert len(found) == n_shown
    if n_failed > MOST:
        assert found[-1].message.startswith(f"{n_failed - MOST + 1} more: ")


def test_a_threshold_of_a_file_is_pointed_to(tmp_path: Path) -> None:
    marks = tmp_path / "marks, mine.toml"
    marks.write_text("# mine\n\n[ error_thresholds . standard.forces ]\nvalue = 35\n")
    run = replace(RUN, command=("pytest", "--mlip=x", f"--ms25-thresholds={marks}"))
    (found,) = collect_annotations(run, [FAILED])
    assert (found.file, found.line) == (marks, 3)
    assert found.command().startswith(f"::error file={tmp_path}/marks%2C mine.toml,line=3,title=")


def test_a_card_is_pointed_to(tmp_path: Path) -> None:
    card = tmp_path / "card.toml"
    card.write_text('name = "mgo"\n[thresholds.error_thresholds.forces]\nvalue = 35\n')
    run = replace(RUN, command=("pytest", f"--dataset={card}"))
    (forces,) = collect_annotations(run, [FAILED])
    assert (forces.file, forces.line) == (card, 2)
    (energy,) = collect_annotations(run, [replace(FAILED, quantity="energy")])
    assert (energy.file, energy.line) == (card, 1)
    (other,) = collect_annotations(run, [replace(FAILED, dataset="hea")])
    assert other.file is None


def test_files_that_are_gone_or_broken_are_no_error(tmp_path: Path) -> None:
    card = tmp_path / "mgo.toml"
    card.write_bytes(b"\xff = [")
    words = ("pytest", f"--dataset={card}", f"--ms25-thresholds={tmp_path / 'gone.toml'}")
    (found,) = collect_annotations(replace(RUN, command=words), [FAILED])
    assert (found.file, found.line) == (card, 1)


def test_a_message_stays_on_one_line() -> None:
    broken = replace(ERROR, reason="first 100 %\r\n::error::second", potential="p\n::error::x")
    (found,) = collect_annotations(RUN, [broken])
    assert "\n" not in found.command()
    assert "100 %25%0D%0A" in found.command()
