"""Sending tasks: order, tries, losses, and an engine that stops."""

from __future__ import annotations

import io
import subprocess
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.campaign import parent as module
from ms25_suite.campaign.engines.engine import EngineStopped
from ms25_suite.campaign.opening import OpenedCampaign
from ms25_suite.campaign.parent import Outcome
from ms25_suite.campaign.progress import CampaignProgress
from ms25_suite.campaign.run import run_campaign
from ms25_suite.core.errors import CampaignError
from tests.helpers.campaigns import Counted, Threads, campaign, run_captured


class LostError(Exception):
    """Stands for what Parsl says of a node that is gone."""


class StoppedError(Exception):
    """Stands for what Parsl says when no job can be started."""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache for each test: the same tasks are done anew."""
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def _without_parsl(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_lost(error: BaseException) -> bool:
        if isinstance(error, StoppedError):
            raise EngineStopped(str(error))
        return isinstance(error, LostError)

    monkeypatch.setattr("ms25_suite.campaign.answers.is_lost", is_lost)


class Runs:
    """Runs a campaign, and keeps what was said."""

    def __init__(self, folder: Path, opened: OpenedCampaign) -> None:
        self.folder = folder / "made.campaign"
        self.opened = opened
        self.stream = io.StringIO()
        self.engines: list[Threads] = []

    def __call__(
        self, commands: Callable[..., Sequence[str]], run: Any = None, **options: Any
    ) -> Outcome:
        def make() -> Threads:
            self.engines.append(Threads(run))
            return self.engines[-1]

        return run_campaign(
            self.opened,
            self.folder,
            engine=make,
            command=commands,
            progress=CampaignProgress(self.stream),
            **options,
        )


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path, campaign(tmp_path))


def test_all_tasks_are_done_once_and_trainings_first(tmp_path: Path, runs: Runs) -> None:
    counted = Counted(tmp_path)
    outcome = runs(counted)
    assert (outcome.done, outcome.total, outcome.computed) == (4, 4, 4)
    assert set(counted.counts().values()) == {1}
    assert runs.engines[0].closed == 1
    # Again: nothing is sent, and no engine is started.
    outcome = runs(counted)
    assert (outcome.done, outcome.computed) == (4, 0)
    assert len(runs.engines) == 1
    assert set(counted.counts().values()) == {1}


def test_what_fails_is_tried_again_and_then_named(tmp_path: Path, runs: Runs) -> None:
    counted = Counted(tmp_path)

    def commands(row: Any) -> list[str]:
        if row.kind == "train" and row.n == 25:
            return ["sh", "-c", f"echo {row.key} >> {counted.file}; echo out of memory >&2; exit 3"]
        return counted(row)

    outcome = runs(commands)
    assert outcome.done == 2
    ((failed, reason),) = outcome.failed.items()
    assert failed.n == 25
    assert reason == "it ended with status 3: out of memory"
    assert [row.kind for row in outcome.blocked] == ["judge"]
    assert counted.counts()[failed.key] == 1 + runs.opened.card.retries
    # The same command does the rest, when the reason is mended.
    outcome = runs(counted)
    assert (outcome.done, outcome.computed) == (4, 2)


def test_a_command_that_leaves_no_result_has_failed(runs: Runs) -> None:
    outcome = runs(lambda row: ["true"])
    assert outcome.done == 0
    assert set(outcome.failed.values()) == {
        "it ended without an error, and left no result in the cache"
    }


def test_a_task_says_itself_why_it_failed(runs: Runs) -> None:
    said = 'ms25-task {"failed": "the disk is full"}'
    outcome = runs(lambda row: ["sh", "-c", f"echo '{said}'; exit 1"])
    assert set(outcome.failed.values()) == {"the disk is full"}


def test_over_its_wall_time_it_is_not_tried_again(tmp_path: Path, runs: Runs) -> None:
    tries: list[str] = []

    def commands(row: Any) -> list[str]:
        tries.append(row.key)
        said = 'ms25-task {"failed": "wall time: it took longer than 1 h"}'
        return ["sh", "-c", f"echo '{said}'; exit 1"]

    runs(commands)
    assert len(tries) == len(set(tries)) == 2


def test_a_lost_worker_uses_up_no_tries(tmp_path: Path, runs: Runs) -> None:
    counted, losses = Counted(tmp_path), defaultdict(int)

    def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        losses[command[2]] += 1
        if losses[command[2]] <= 5:
            raise LostError("node n1 is gone")
        return run_captured(command)

    outcome = runs(counted, run)
    assert (outcome.done, outcome.failed) == (4, {})
    assert set(counted.counts().values()) == {1}


def test_a_task_that_always_loses_its_worker_is_given_up(
    tmp_path: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_LOSSES", 3)

    def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        raise LostError("node n1 is gone")

    outcome = runs(Counted(tmp_path), run)
    assert set(outcome.failed.values()) == {"its worker was lost 3 times: node n1 is gone"}


def test_an_engine_that_did_something_is_started_again(tmp_path: Path, runs: Runs) -> None:
    counted, sent = Counted(tmp_path), 0

    def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        nonlocal sent
        sent += 1
        if sent == 3:
            raise StoppedError("all jobs failed")
        return run_captured(command)

    outcome = runs(counted, run)
    assert outcome.done == 4
    assert len(runs.engines) == 2
    assert "the engine stopped and is started again" in runs.stream.getvalue()


def test_an_engine_that_does_nothing_ends_the_campaign(tmp_path: Path, runs: Runs) -> None:
    def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        raise StoppedError("sbatch: invalid partition")

    with pytest.raises(CampaignError, match="the engine stopped: sbatch: invalid partition"):
        runs(Counted(tmp_path), run)
    assert runs.engines[0].closed == 1


def test_a_killed_task_is_named_by_its_signal(tmp_path: Path, runs: Runs) -> None:
    outcome = runs(lambda row: ["sh", "-c", "kill -9 $$"])
    assert set(outcome.failed.values()) == {"it was killed by SIGKILL"}


def test_only_some_with_what_they_need(tmp_path: Path, runs: Runs) -> None:
    counted = Counted(tmp_path)
    outcome = runs(counted, only=lambda row: row.kind == "judge" and row.n == 50)
    assert (outcome.total, outcome.done) == (2, 2)
