"""Numbers over runs, in the order in which the runs were started."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ms25_suite.core.catalogue import Subject
from ms25_suite.core.errors import ReportError
from ms25_suite.core.journal import Journal
from ms25_suite.core.records import DatasetRecord, RunRecord
from ms25_suite.report import write_report
from ms25_suite.report.history.earlier import set_aside
from ms25_suite.report.history.numbers import history_of, read_runs
from tests.helpers.reports import make_result


def run_of(day: int, frames: str = "f0") -> RunRecord:
    data = DatasetRecord(name="mgo", sha256=frames)
    return RunRecord(id=f"run-{day}", started=f"2026-11-{day:02}T08:00:00+00:00", datasets=(data,))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three runs one after the other in one folder: 31, 29 and, of another model, 33 meV/Å."""
    volume = make_result(criterion="eos", quantity="volume", metric="error", unit="%", value=0.5)
    for day, value, content in ((3, 31.0, "a" * 64), (4, 29.0, "a" * 64), (5, 33.0, "b" * 64)):
        set_aside(tmp_path)
        result = make_result(value=value, interval=None, potential_sha256=content)
        write_report(tmp_path, run_of(day), [result, volume])
    return tmp_path


def test_earlier_runs_come_before_the_last_one(folder: Path) -> None:
    (line,) = history_of(read_runs([folder, folder / "results.json"]))
    assert (line.quantity, line.unit) == ("forces", "meV/Å")
    found = [(one.run, one.started[:10], one.result.value, one.content) for one in line.points]
    assert found == [
        ("run-3", "2026-11-03", 31.0, "aaaaaaaa"),
        ("run-4", "2026-11-04", 29.0, "aaaaaaaa"),
        ("run-5", "2026-11-05", 33.0, "bbbbbbbb"),
    ]


def test_other_numbers_by_name(folder: Path) -> None:
    runs = read_runs([folder])
    (line,) = history_of(runs, subjects=[Subject("eos", "volume")])
    assert [one.result.value for one in line.points] == [0.5, 0.5, 0.5]
    assert len(history_of(runs, subjects=[Subject()])) == 2
    assert len(history_of(runs, potentials=["mace-β"], datasets=["mgo"])) == 1


@pytest.mark.parametrize("names", [{"potentials": ["mace-α"]}, {"datasets": ["cha"]}])
def test_nothing_is_an_error_that_names_what_there_is(
    folder: Path, names: dict[str, list[str]]
) -> None:
    with pytest.raises(ReportError, match=r"no such number in 3 runs. They judge mace-β"):
        history_of(read_runs([folder]), **names)


def test_a_folder_whose_last_run_was_stopped_at_once(folder: Path) -> None:
    set_aside(folder)
    assert len(read_runs([folder])) == 3


def test_a_journal_that_a_killed_run_left_is_a_run_of_its_own(folder: Path) -> None:
    killed = make_result(value=40.0, interval=None, potential_sha256="c" * 64)
    journal = Journal(folder / "journal-4.jsonl", replace(run_of(4), id="killed"))
    journal.append(killed)
    journal.close()
    (line,) = history_of(read_runs([folder]))
    assert [(one.run, one.result.value) for one in line.points][-2:] == [
        ("killed", 40.0),
        ("run-5", 33.0),
    ]
    # One that a report was made of is there once.
    write_report(folder, replace(run_of(4), id="killed"), [killed])
    (line,) = history_of(read_runs([folder]))
    assert [one.run for one in line.points].count("killed") == 1
