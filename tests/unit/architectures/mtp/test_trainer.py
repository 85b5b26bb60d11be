"""Recipe and inputs of moment tensor potentials; no framework is needed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.architectures.mtp import model
from ms25_suite.architectures.mtp.trainer import MtpTrainer
from ms25_suite.core.errors import ArchitectureNotInstalledError, TrainingError
from ms25_suite.environments.installation import Installation
from ms25_suite.training import TrainingRequest
from tests.helpers.fake_training import data, part

# Table 7 of the paper: level (24 where the table has 26), radial basis size, stress weight, epochs.
TABLE_7 = {
    "mgo-2x2": (24, 8, 0.0, 3000),
    "mgo-4x4": (24, 8, 0.0, 550),
    "water-64": (20, 12, 1e-5, 1800),
    "water-192": (20, 12, 1e-5, 500),
    "cha": (24, 8, 0.0, 1800),
    "reaction": (24, 12, 0.0, 3000),
    "hea": (24, 8, 1e-4, 900),
    "zro": (24, 8, 1e-5, 5000),
}


def settings(budget: str, n: int = 100, **values: Any) -> dict[str, Any]:
    given = dataclasses.replace(data(part(n), part(30)), **values)
    trainer = MtpTrainer()
    return trainer.settings(trainer.recipe(budget), TrainingRequest("mtp", n, seed=4), given)


@pytest.mark.parametrize("system", TABLE_7)
def test_paper_budget_is_table_7(system: str) -> None:
    found = settings("paper", system=system)
    names = ("level", "radial_basis_size", "stress_weight", "max_num_epochs")
    assert tuple(found[name] for name in names) == TABLE_7[system]
    # 0.02 / N with two atoms in each frame.
    assert (found["energy_weight"], found["forces_weight"]) == (1.0, pytest.approx(0.01))


def test_few_frames_get_half_of_the_epochs() -> None:
    assert settings("paper", 50, system="hea")["max_num_epochs"] == 450
    assert settings("paper", 51, system="hea")["max_num_epochs"] == 900


def test_model_and_settings() -> None:
    found = settings("smoke", cutoff=6.0)
    assert MtpTrainer().r_max(found) == 5.0
    assert MtpTrainer().dtype(found) == "float64"
    assert found["symbols"] == ["Cu"]
    assert not {"halved_at", "forces_weight_over_atoms"} & set(settings("paper", system="hea"))


def test_a_gpu_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="mtp trains on the CPU only, found --device=cuda"):
        MtpTrainer().prepare(tmp_path, settings("smoke"), data(part(100), part(30)), "cuda")


def test_another_version_of_motep_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MtpTrainer, "place", lambda self: Installation())
    monkeypatch.setattr(model, "version", lambda name: "0.3.0")
    with pytest.raises(ArchitectureNotInstalledError, match=r"needs motep 0\.2\.0, found 0\.3\.0"):
        MtpTrainer().require_installed()
