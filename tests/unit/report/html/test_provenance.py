from __future__ import annotations

from dataclasses import replace

import pytest

from ms25_suite.core.records import PotentialRecord, RunRecord
from ms25_suite.report.html.provenance import (
    command_line,
    dataset_facts,
    potential_facts,
    run_facts,
)
from tests.helpers.reports import RUN


def test_facts_of_a_run_have_labels_and_an_order() -> None:
    facts = run_facts(RUN)
    assert facts[:4] == [
        ("run", "run-1"),
        ("started", "2026-01-02T03:04:05Z"),
        ("finished", "2026-01-02T03:09:05Z"),
        ("ms25-suite", "0.1.0"),
    ]
    found = dict(facts)
    assert found["outcome"] == "at least one check did not pass (exit status 1)"
    assert found["undecided fails"] == "yes"
    assert "cores 16 · memory (GB) 64" in found["machine"]
    assert found["packages"] == "numpy 2.0.0"
    # Parts with a place of their own on the page.
    assert not {"potentials", "datasets", "command"} & set(found)


@pytest.mark.parametrize(
    ("run", "outcome"),
    [
        (RunRecord(started="2026-01-02T03:04:05Z"), "no exit status was recorded"),
        # A check may also be undecided, or compare two levels of theory.
        (RunRecord(exit_status=0), "no check failed"),
    ],
)
def test_the_outcome_is_told_of_a_run_that_was_started(run: RunRecord, outcome: str) -> None:
    assert dict(run_facts(run))["outcome"].startswith(outcome)


def test_what_was_not_recorded_is_left_out() -> None:
    assert run_facts(RunRecord()) == []
    assert potential_facts(PotentialRecord(name="p")) == []


def test_facts_of_a_potential() -> None:
    found = dict(potential_facts(RUN.potentials[0]))
    assert found["given as"] == "train:mace"
    assert found["elements"] == "Mg, O"
    assert found["cutoff (Å)"] == "5"
    # Thousands are grouped by narrow spaces.
    assert found["parameters"] == "1\u202f234\u202f567"
    assert found["trained on"].startswith("dataset mgo · training frames 100 · ")
    assert not {"name", "training curve"} & set(found)


def test_facts_of_a_dataset() -> None:
    found = dict(dataset_facts(RUN.datasets[0]))
    assert (found["frames"], found["test frames"]) == ("120", "80")
    assert found["level of theory of the paper"] == "PBE"
    assert found["stand-in reference"] == "yes"
    assert not {"findings", "audit"} & set(found)


def test_a_long_list_is_counted() -> None:
    many = replace(RUN.potentials[0], elements=("H",) * 121)
    assert dict(potential_facts(many))["elements"] == "121 entries"


def test_the_command_is_quoted_for_a_shell() -> None:
    assert command_line(RUN) == "pytest '--mlip=my model.pt'"
    assert command_line(RunRecord()) == ""
