from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ms25_suite.core.errors import ReportError
from ms25_suite.core.records import RunRecord
from tests.helpers.reports import RUN


def through_json(record: Any) -> Any:
    return json.loads(json.dumps(record.to_dict(), allow_nan=False))


def test_a_run_survives_json() -> None:
    assert RunRecord.from_dict(through_json(RUN)) == RUN


def test_keys_of_a_run_are_in_the_order_of_the_file() -> None:
    record = through_json(RUN)
    assert list(record) == [
        "id",
        "started",
        "finished",
        "exit_status",
        "suite_version",
        "command",
        "device",
        "dtype",
        "workers",
        "seed",
        "strict",
        "potentials",
        "datasets",
        "machine",
        "packages",
    ]
    assert list(record["potentials"][0])[:7] == [
        "name",
        "spec",
        "architecture",
        "path",
        "sha256",
        "dtype",
        "device",
    ]
    assert record["potentials"][0]["training_curve"]["forces_rmse"] == [90.0, None, 40.0]
    assert record["datasets"][0]["findings"][0]["code"] == "overlap"


def test_a_run_that_goes_on_has_no_end_yet() -> None:
    record = RunRecord(id="a", started="2026-01-01T00:00:00Z").to_dict()
    assert (record["finished"], record["exit_status"]) == (None, None)
    assert "device" not in record


def test_merged_runs_have_no_lists_of_their_own() -> None:
    merged = RunRecord(
        potentials=RUN.potentials,
        runs=(replace(RUN, potentials=(), datasets=()), RunRecord(id="b")),
    )
    record = through_json(merged)
    assert [item["name"] for item in record["potentials"]] == ["mace-β"]
    assert record["runs"][1] == {"id": "b"}
    assert not {"potentials", "datasets"} & set(record["runs"][0])
    assert RunRecord.from_dict(record) == merged


def test_parts_of_a_run() -> None:
    assert RUN.parts == (RUN,)
    assert RunRecord(runs=(RUN, RunRecord())).parts == (RUN, RunRecord())


@pytest.mark.parametrize(
    ("run", "timed"),
    [(RunRecord(), False), (RunRecord(started="2026"), True), (RunRecord(exit_status=0), True)],
)
def test_a_timed_run(run: RunRecord, timed: bool) -> None:
    assert run.is_timed is timed


def test_an_empty_description_has_only_the_lists() -> None:
    assert RunRecord().to_dict() == {"potentials": [], "datasets": []}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"machine": {"cpu": "x"}}, "the key `machine.platform` is missing"),
        ({"command": "pytest"}, "`command`: expected a list, found 'pytest'"),
    ],
)
def test_a_wrong_value_is_named(record: object, message: str) -> None:
    with pytest.raises(ReportError, match=message):
        RunRecord.from_dict(record)
