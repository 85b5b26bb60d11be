from __future__ import annotations

import dataclasses

import pytest

from ms25_suite.architectures.mace.trainer import MaceTrainer
from ms25_suite.core.errors import TrainingError, UsageError
from ms25_suite.training import TrainingRequest, budgets, trainable
from ms25_suite.training.registry import BUDGETS, get_trainer, load_recipe
from tests.unit.training.test_request import data, part

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
    return MaceTrainer().settings(load_recipe("mace", budget), request, given)


@pytest.mark.parametrize("architecture", trainable())
def test_every_architecture_has_every_budget(architecture: str) -> None:
    assert budgets(architecture) == BUDGETS
    assert get_trainer(architecture).name == architecture
    for budget in BUDGETS:
        assert load_recipe(architecture, budget)["version"] >= 1


def test_the_recipe_of_approximate_potentials_is_not_offered() -> None:
    assert load_recipe("mace", "approximate")["num_interactions"] == 1
    assert "approximate" not in budgets("mace")
    with pytest.raises(UsageError, match=r"'aproximate'\..*Known: smoke, standard, paper$"):
        load_recipe("mace", "aproximate")


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
    with pytest.raises(TrainingError, match=r"no system of the paper. Take budget=standard"):
        settings("paper")
    with pytest.raises(TrainingError, match="'gold'"):
        settings("paper", system="gold")


def test_smoke_bounds_cutoff_epochs_and_validation() -> None:
    recipe = load_recipe("mace", "smoke")
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


def test_misspelled_names() -> None:
    with pytest.raises(UsageError, match=r"'smok'\. Did you mean 'smoke'"):
        load_recipe("mace", "smok")
    with pytest.raises(UsageError, match=r"'MACE'\. Did you mean 'mace'"):
        get_trainer("MACE")
    with pytest.raises(UsageError, match=r"'gap'\. Known: .*mace"):
        get_trainer("gap")
