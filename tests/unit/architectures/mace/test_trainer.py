from __future__ import annotations

import ast
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.architectures.mace.trainer import MaceTrainer
from ms25_suite.core.errors import ArchitectureNotInstalledError, TrainingError, UsageError
from ms25_suite.training import TrainingData, TrainingRequest, train
from ms25_suite.training.curve import EpochReport
from ms25_suite.training.parent import STRATEGIES, Parent, Replay
from ms25_suite.training.recipe import BUDGETS
from tests.helpers.fake_training import data, part

REQUEST = TrainingRequest("mace", 3, set=2, seed=5)

# As MACE 0.3.16 writes them, shortened.
UNTRAINED = '{"loss": 0.0151, "mae_e": 3.4, "rmse_f": 0.95, "mode": "eval", "epoch": null}\n'
BATCH = '{"loss": 0.0087, "time": 0.08, "mode": "opt", "epoch": 0}\n'
EPOCH = (
    '{"loss": 0.0142, "mae_e": 5.2, "mae_e_per_atom": 0.048, "rmse_e": 5.9, "rmse_e_per_atom": '
    '0.055, "mae_f": 0.715, "rmse_f": 0.9, "mae_stress": 0.0045, "rmse_stress": 0.006, '
    '"time": 0.4, "mode": "eval", "epoch": 0, "head": "Default"}\n'
)

# Table 4 of the paper: l_max, channels, batch size, stress weight of phase 1, energy weight and
# stress weight of phase 2, epochs; 0 stands where the table has "-".
TABLE_4 = {
    "mgo-2x2": (1, 128, 2, 10, 10000, 1, 2200),
    "mgo-4x4": (1, 128, 2, 10, 10000, 1, 650),
    "water-64": (1, 64, 2, 0, 10000, 100, 1100),
    "water-192": (1, 32, 2, 0, 10000, 100, 500),
    "cha": (1, 64, 2, 0, 10000, 1, 2100),
    "reaction": (1, 256, 2, 0, 10000, 0, 1700),
    "hea": (2, 64, 8, 10, 1, 10, 2600),
    "zro": (2, 256, 8, 0, 1, 100, 3100),
}


def settings(budget: str, n: int = 10, system: str | None = None, cutoff: float | None = 5.5):
    given = dataclasses.replace(data(part(n), part(30)), system=system, cutoff=cutoff)
    request = TrainingRequest("mace", n, seed=4, budget=budget)
    return MaceTrainer().settings(MaceTrainer().recipe(budget), request, given)


@pytest.mark.parametrize("system", TABLE_4)
@pytest.mark.parametrize("n", [50, 1000])
def test_paper_budget_is_table_4(system: str, n: int) -> None:
    found = settings("paper", n=n, system=system)
    names = ("max_L", "num_channels", "batch_size", "stress_weight", "swa_energy_weight")
    names += ("swa_stress_weight", "max_num_epochs")
    assert tuple(found[name] for name in names) == TABLE_4[system]
    assert found["start_swa"] == pytest.approx(0.8 * found["max_num_epochs"])
    assert (found["energy_weight"], found["forces_weight"]) == (1, 20)
    assert found["swa_forces_weight"] == 1
    assert (found["loss"], found["huber_delta"]) == ("universal", 0.01)
    assert (found["lr"], found["scheduler"]) == (0.01, "ReduceLROnPlateau")
    assert (found["scheduler_patience"], found["lr_factor"]) == (50, 0.8)
    assert found["r_max"] == 5.5
    assert found["n_validation"] == 30
    # "Training was stopped when the number of epochs was reached": never by patience.
    assert found["patience"] > found["max_num_epochs"]


def test_paper_budget_needs_a_system_of_the_paper() -> None:
    with pytest.raises(TrainingError, match=r"no system of the paper. Use budget=standard"):
        settings("paper")
    with pytest.raises(TrainingError, match="'gold'"):
        settings("paper", system="gold")


def test_smoke_bounds_cutoff_epochs_and_validation() -> None:
    recipe = MaceTrainer().recipe("smoke")
    found = settings("smoke", n=100)
    assert found["r_max"] == recipe["r_max_limit"] < 5.5
    assert settings("smoke", cutoff=3.0)["r_max"] == 3.0
    assert settings("smoke", cutoff=None)["r_max"] == min(5.0, recipe["r_max_limit"])
    assert found["n_validation"] == recipe["max_validation"]
    assert found["max_num_epochs"] == round(recipe["frame_passes"] / 100)
    assert settings("smoke", n=1)["max_num_epochs"] == recipe["epochs_most"]
    assert settings("smoke", n=5000)["max_num_epochs"] == recipe["epochs_least"]
    # After the first stage the rate is what the recipe asks for.
    steps = found["start_swa"] - 1
    assert found["lr"] * found["lr_scheduler_gamma"] ** steps == pytest.approx(recipe["lr_final"])


@pytest.mark.parametrize("n", [1, 3])
def test_a_batch_is_never_larger_than_the_training_set(n: int) -> None:
    # MACE drops an incomplete last batch, and would train on nothing.
    assert settings("paper", n=n, system="hea")["batch_size"] == n


def test_only_options_of_mace_are_passed_on() -> None:
    arg_parser = pytest.importorskip("mace.tools.arg_parser")
    known = {action.dest for action in arg_parser.build_default_arg_parser()._actions}
    for budget in (*BUDGETS, "approximate"):
        assert set(settings(budget, system="hea")) - known == {"n_validation"}


def test_energies_of_isolated_atoms_go_to_mace() -> None:
    given = dataclasses.replace(data(part(10), part(4)), atom_energies={29: 3.51, 79: 3.8})
    request = TrainingRequest("mace", 10)
    found = MaceTrainer().settings(MaceTrainer().recipe("smoke"), request, given)
    assert ast.literal_eval(found["E0s"]) == {29: 3.51}
    assert settings("smoke")["E0s"] == "average"


def tuned(strategy: str, **changes: Any) -> tuple[dict[str, Any], TrainingData]:
    """Settings and data of a fine-tuning of a model of copper and gold."""
    replayed = Replay("old", "EAM", part(4), part(30)) if strategy == "replay" else None
    parent = Parent(
        file=Path("mp.model"),
        given="mp.model",
        sha256="ab" * 32,
        elements=(29, 79),
        r_max=6.0,
        strategy=strategy,
        level_of_theory="PBE",
        replay=replayed,
    )
    parent = dataclasses.replace(parent, **changes)
    given = dataclasses.replace(data(part(10), part(30)), atom_energies={29: 3.51}, parent=parent)
    trainer = MaceTrainer()
    recipe = trainer.tuning_recipe("smoke", strategy)
    return trainer.settings(recipe, TrainingRequest("mace", 10, seed=4), given), given


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("budget", ["smoke", "series", "standard"])
def test_fine_tuning_has_options_of_mace_only(strategy: str, budget: str) -> None:
    arg_parser = pytest.importorskip("mace.tools.arg_parser")
    known = {action.dest for action in arg_parser.build_default_arg_parser()._actions}
    found, given = tuned(strategy)
    trainer = MaceTrainer()
    recipe = trainer.tuning_recipe(budget, strategy)
    found = trainer.settings(recipe, TrainingRequest("mace", 10, seed=4), given)
    assert set(found) - known == {"n_validation"}
    assert set(trainer.config(found, given, "cpu")) <= known
    # The foundation decides about the size of the model and its cutoff, not the dataset.
    assert found["r_max"] == 6.0
    assert not {"num_channels", "max_L", "num_interactions"} & set(found)
    # No second stage, and no pull towards zero.
    assert "swa" not in found
    assert found["weight_decay"] == 0.0
    assert found["foundation_model_elements"] is True


def test_the_strategies_are_those_of_mace() -> None:
    naive, _ = tuned("naive")
    replay, given = tuned("replay")
    lora, _ = tuned("lora")
    flags = [one["multiheads_finetuning"] for one in (naive, replay, lora)]
    assert flags == [False, True, False]
    assert [one.get("lora", False) for one in (naive, replay, lora)] == [False, False, True]
    trainer = MaceTrainer()
    config = trainer.config(replay, given, "cpu")
    assert config["pt_train_file"] == "replay-train.extxyz"
    assert config["foundation_model"] == "foundation.model"
    assert trainer.heads(given) == {"pt_head": "PBE", "Default": given.level_of_theory}
    assert trainer.tuning_keys & set(replay) >= {"E0s", "multiheads_finetuning", "force_mh_ft_lr"}
    naive, given = tuned("naive", head="omat")
    config = trainer.config(naive, given, "cpu")
    assert config["foundation_head"] == "omat"
    assert "pt_train_file" not in config
    assert trainer.heads(given) == {}


def test_energies_of_the_elements_of_a_child() -> None:
    # Isolated atoms at the new level of theory, unless the zero of the parent is another one.
    assert ast.literal_eval(tuned("naive")[0]["E0s"]) == {29: 3.51}
    assert tuned("naive", fitted_energies=True)[0]["E0s"] == "estimated"


def test_an_old_mace_cannot_fine_tune(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MaceTrainer, "versions", lambda self: {"mace-torch": "0.3.15"})
    with pytest.raises(TrainingError, match=r"needs mace-torch 0\.3\.16 or newer .*found 0\.3\.15"):
        tuned("lora")


def test_the_paper_has_no_fine_tuning() -> None:
    with pytest.raises(UsageError, match=r"unknown training budget 'paper'.*Known: smoke, series"):
        MaceTrainer().tuning_recipe("paper", "naive")


@pytest.mark.mace
def test_inputs_of_a_fine_tuning(tmp_path: Path) -> None:
    from ase.io import read

    (tmp_path / "mp.model").write_bytes(b"weights")
    found, given = tuned("replay", file=tmp_path / "mp.model")
    work = tmp_path / "work"
    work.mkdir()
    MaceTrainer().prepare(work, found, given, "cpu")
    assert (work / "foundation.model").read_bytes() == b"weights"
    assert len(read(work / "replay-train.extxyz", ":")) == 4
    assert len(read(work / "replay-validation.extxyz", ":")) == found["n_validation"] == 20


def test_epochs_are_judged_by_the_new_data() -> None:
    replayed = EPOCH.replace('"Default"', '"pt_head"')
    assert MaceTrainer().epoch_report(json.loads(replayed)) is None


def test_report_of_a_mace_epoch() -> None:
    trainer = MaceTrainer()
    assert trainer.epoch_report(json.loads(UNTRAINED)) is None
    assert trainer.epoch_report(json.loads(BATCH)) is None
    report = trainer.epoch_report(json.loads(EPOCH))
    assert report == EpochReport(
        epoch=1,
        loss=0.0142,
        errors={
            "energy_rmse": 0.055,
            "energy_mae": 0.048,
            "forces_rmse": 0.9,
            "forces_mae": 0.715,
            "stress_rmse": 0.006,
            "stress_mae": 0.0045,
        },
    )


def test_mace_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ArchitectureNotInstalledError, match=r'pip install "ms25-suite\[mace\]"'):
        MaceTrainer().require_installed()
    with pytest.raises(ArchitectureNotInstalledError):
        train(MaceTrainer(), REQUEST, data(part(3), part(2)), cache=tmp_path)


@pytest.mark.mace
def test_mace_inputs(tmp_path: Path) -> None:
    from ase.io import read

    frames, labels = part(3)
    assert labels.stress is not None
    stress = np.array(labels.stress)
    stress[1] = np.nan
    some = (frames, dataclasses.replace(labels, stress=stress))
    of = data(some, part(30))
    checkpoints = tmp_path / "output" / "checkpoints"
    checkpoints.mkdir(parents=True)
    (checkpoints / "model_run-5_epoch-3.pt").write_bytes(b"PK\x03\x04 torn")
    (checkpoints / "model_run-5_epoch-4.pt.partial").write_bytes(b"")
    trainer = MaceTrainer()
    settings = trainer.settings(MaceTrainer().recipe("smoke"), REQUEST, of)
    command = trainer.prepare(tmp_path, settings, of, "cuda:1")
    assert command[-2:] == [MaceTrainer.module, "config.json"]
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["device"] == "cuda"
    assert config["seed"] == 5
    assert config["restart_latest"] is True
    assert str(tmp_path) not in json.dumps(config)
    written = read(tmp_path / "train.extxyz", ":")
    assert ["REF_stress" in atoms.info for atoms in written] == [True, False, True]
    assert written[2].info["REF_stress"] == pytest.approx(stress[2], abs=1e-15)
    assert written[1].info["REF_energy"] == pytest.approx(labels.energy[1], abs=1e-15)
    assert labels.forces is not None
    assert np.allclose(written[1].arrays["REF_forces"], labels.forces[2:4], atol=1e-8)
    assert len(read(tmp_path / "validation.extxyz", ":")) == 20
    # A torn checkpoint would make MACE start anew, and fail at the end.
    assert list(checkpoints.iterdir()) == []
    with pytest.raises(TrainingError, match=r"left no model\.model or no checkpoint"):
        trainer.result(tmp_path)
