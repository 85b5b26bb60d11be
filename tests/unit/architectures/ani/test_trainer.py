"""Recipe and inputs of ANI; no framework is needed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.architectures.ani.trainer import AniTrainer
from ms25_suite.core.errors import TrainingError
from ms25_suite.environments.installation import Installation
from ms25_suite.training import TrainingRequest
from tests.helpers.fake_training import data, part

# Table 5 of the paper: neurons of the hidden layers, batch size, force coefficient, epochs.
TABLE_5 = {
    "mgo-2x2": ([160, 128, 96, 64, 32, 16], 2, 2.0, 2700),
    "mgo-4x4": ([160, 128, 96, 64, 32, 16], 2, 2.0, 700),
    "water-64": ([160, 128, 96], 8, 2.0, 700),
    "water-192": ([160, 128, 96], 8, 2.0, 180),
    "cha": ([192, 96, 32], 2, 0.5, 800),
    "reaction": ([160, 128, 96, 64, 32, 16], 2, 0.5, 3800),
    "hea": ([160, 128, 96], 2, 2.0, 800),
    "zro": ([192, 160, 128], 8, 2.0, 10000),
}


def settings(budget: str, n: int = 10, **values: Any) -> dict[str, Any]:
    given = dataclasses.replace(data(part(n), part(30)), **values)
    trainer = AniTrainer()
    return trainer.settings(trainer.recipe(budget), TrainingRequest("ani", n, seed=4), given)


@pytest.mark.parametrize("system", TABLE_5)
def test_paper_budget_is_table_5(system: str) -> None:
    found = settings("paper", system=system)
    names = ("hidden", "batch_size", "forces_weight", "max_num_epochs")
    assert tuple(found[name] for name in names) == TABLE_5[system]
    assert (found["lr"], found["scheduler_patience"], found["lr_factor"]) == (0.001, 100, 0.5)
    assert found["lr_stop"] == 1e-5


@pytest.mark.parametrize(("n", "hours"), [(50, 1.2), (1000, 24.0)])
def test_paper_budget_limits_the_time(n: int, hours: float) -> None:
    assert settings("paper", n, system="hea")["seconds_most"] == pytest.approx(3600 * hours)


def test_the_angular_cutoff_is_shorter_than_the_radial_one() -> None:
    long, short = settings("smoke", cutoff=6.0), settings("smoke", cutoff=3.0)
    assert (long["radial_cutoff"], long["angular_cutoff"]) == (6.0, 3.5)
    assert short["angular_cutoff"] == pytest.approx(2.7)
    assert AniTrainer().r_max(short) == 3.0
    assert long["symbols"] == ["Cu"]
    assert AniTrainer().dtype(long) == "float32"


def test_inputs_and_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AniTrainer, "place", lambda self: Installation())
    chosen = settings("smoke")
    command = AniTrainer().prepare(tmp_path, chosen, data(part(10), part(30)), "cuda:1")
    assert "ms25_suite.architectures.ani.run" in command
    assert json.loads((tmp_path / "config.json").read_text())["device"] == "cuda"
    with pytest.raises(TrainingError, match=r"training of ani ended .*no outcome\.json"):
        AniTrainer().result(tmp_path)
