"""The engine: configurations of the user's own, and what is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.campaign.engines.engine import EngineStopped, ParslEngine, is_lost, load_config
from ms25_suite.core.errors import CampaignError
from tests.helpers.campaigns import campaign

pytest.importorskip("parsl")

OWN = """
from parsl.config import Config
from parsl.executors import ThreadPoolExecutor

config = Config(executors=[ThreadPoolExecutor(label="judge"), ThreadPoolExecutor(label="other")])

def make():
    return config

number = 3
broken = lambda: 1 / 0
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "site.py"
    path.write_text(OWN)
    return path


def test_a_configuration_of_ones_own(file: Path, tmp_path: Path) -> None:
    card = campaign(tmp_path, engine=f'[engine]\nparsl = "{file}:make"').card
    engine = ParslEngine(card, tmp_path / "engine")
    engine.start()
    try:
        # By label where there is one, else the first.
        assert engine.group("judge") == "judge"
        assert engine.group("train") == "judge"
        done = engine.submit(["echo", "found"], "train").result()
        assert done.stdout == "found\n"
    finally:
        engine.close()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "defines no 'nothing'"),
        ("number", r"is a int, expected a parsl\.Config"),
        ("broken", "cannot be used: ZeroDivisionError"),
    ],
)
def test_what_is_no_configuration(file: Path, name: str, message: str) -> None:
    with pytest.raises(CampaignError, match=message):
        load_config(f"{file}:{name}")
    with pytest.raises(CampaignError, match="there is no such file"):
        load_config(f"nowhere.py:{name}")


def test_what_is_lost_and_what_is_not() -> None:
    from parsl.executors.high_throughput.errors import ManagerLost, WorkerLost
    from parsl.jobs.errors import TooManyJobFailuresError

    assert is_lost(ManagerLost(b"m", "n1"))
    assert is_lost(WorkerLost(1, "n1"))
    assert not is_lost(ValueError("a mistake"))
    with pytest.raises(EngineStopped, match="no partition"):
        is_lost(TooManyJobFailuresError("no partition"))


def test_a_folder_that_parsl_cannot_take(tmp_path: Path) -> None:
    engine = ParslEngine(campaign(tmp_path).card, tmp_path / "with blank" / "engine")
    with pytest.raises(CampaignError, match=r"with blank.*give another one with --folder"):
        engine.start()


@pytest.mark.slow
def test_each_worker_has_a_gpu_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ms25_suite.campaign.engines.sites.visible_gpus", lambda: ("2", "5"))
    engine = ParslEngine(campaign(tmp_path, engine="[engine.local]").card, tmp_path / "engine")
    engine.start()
    try:
        command = ["sh", "-c", "sleep 1; echo $CUDA_VISIBLE_DEVICES"]
        sent = [engine.submit(command, "train") for _ in range(4)]
        assert {one.result(60).stdout.strip() for one in sent} == {"2", "5"}
    finally:
        engine.close()
