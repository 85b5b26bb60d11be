from __future__ import annotations

import dataclasses
from importlib.resources import files
from pathlib import Path

import pytest

from ms25_suite.core.errors import TrainingError, UsageError
from ms25_suite.training.recipe import (
    load_recipe,
    load_tuning_recipe,
    number_of_epochs,
    number_of_validation,
    system_values,
)
from tests.helpers.fake_training import data, part

RECIPE = """
version = 3
[common]
lr = 0.1
width = 8
[smoke]
width = 2
[paper]
[approximate]
width = 1
"""


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    path = tmp_path / "lj.toml"
    path.write_text(RECIPE)
    return path


def test_a_budget_overrides_the_common_values(recipe_file: Path) -> None:
    assert load_recipe(recipe_file, "smoke") == {"version": 3, "lr": 0.1, "width": 2}
    assert load_recipe(recipe_file, "paper")["width"] == 8


def test_a_strategy_overrides_the_budget(tmp_path: Path) -> None:
    path = tmp_path / "lj_tuning.toml"
    path.write_text(
        RECIPE + "[strategies.naive]\nlr = 0.01\n[strategies.lora]\nrank = 4\n"
        "[strategies.lora.smoke]\nrank = 2\nwidth = 3\n"
    )
    naive = load_tuning_recipe(path, "smoke", "naive")
    assert naive == {"version": 3, "lr": 0.01, "width": 2}
    lora = load_tuning_recipe(path, "smoke", "lora")
    assert lora == {"version": 3, "lr": 0.1, "width": 3, "rank": 2}
    assert load_tuning_recipe(path, "paper", "lora")["rank"] == 4
    with pytest.raises(TrainingError, match="has no strategy 'replay'"):
        load_tuning_recipe(path, "smoke", "replay")
    with pytest.raises(UsageError, match="unknown training budget 'smok'"):
        load_tuning_recipe(path, "smok", "naive")


def test_an_internal_budget_is_not_offered(recipe_file: Path) -> None:
    assert load_recipe(recipe_file, "approximate")["width"] == 1
    with pytest.raises(UsageError, match=r"'smok'\. Did you mean 'smoke'.*Known: smoke, paper$"):
        load_recipe(recipe_file, "smok")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"lj\.toml cannot be read .*package data"),
        ("version = ", r"lj\.toml is not valid TOML"),
        ("[smoke]", "has no version and no common"),
        ("version = 1\n[common]", "has no smoke or series or standard or paper"),
    ],
)
def test_a_damaged_recipe(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "lj.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(TrainingError, match=message):
        load_recipe(path, "smoke")


def test_epochs_shrink_with_the_number_of_frames() -> None:
    recipe = {"frame_passes": 1000, "epochs_least": 4, "epochs_most": 50}
    assert [number_of_epochs(recipe, n) for n in (1, 100, 10_000)] == [50, 10, 4]


def test_validation_frames() -> None:
    given = data(part(3), part(7))
    assert number_of_validation({}, given) == 7
    assert number_of_validation({"max_validation": 5}, given) == 5
    assert number_of_validation({"max_validation": 9}, given) == 7


@pytest.mark.parametrize(
    ("architecture", "file"),
    [("mace", "mace"), ("ani", "ani"), ("mtp", "mtp"), ("nequip", "nequip"), ("nequip", "allegro")],
)
@pytest.mark.parametrize(("name", "cell"), [("mgo", "mgo-2x2"), ("water", "water-64")])
def test_the_papers_mgo_and_water_are_the_smaller_cells(
    architecture: str, file: str, name: str, cell: str
) -> None:
    package = files(f"ms25_suite.architectures.{architecture}")
    recipe = load_recipe(Path(str(package / f"{file}.toml")), "paper")
    given = data(part(3), part(2))
    found, expected = (
        system_values(recipe, dataclasses.replace(given, system=system)) for system in (name, cell)
    )
    assert found == expected


def test_values_of_a_system_of_the_paper() -> None:
    recipe = {"systems": {"water": {"width": 4}}, "system_aliases": {"water-64": "water"}}
    given = dataclasses.replace(data(part(3), part(2)), system="water-64")
    assert system_values(recipe, given) == {"width": 4}
    with pytest.raises(TrainingError, match=r"\(water\).*'gold' of the paper\. Use budget="):
        system_values(recipe, dataclasses.replace(given, system="gold"))
    with pytest.raises(TrainingError, match="is no system of the paper"):
        system_values(recipe, dataclasses.replace(given, system=None))


def test_a_budget_extends_another(recipe_file: Path) -> None:
    recipe_file.write_text(
        "version = 3\n[common]\nlr = 0.1\n[smoke]\nwidth = 2\nlr = 0.2\n"
        '[series]\nextends = "smoke"\nepochs = 9\n[paper]\nextends = "smok"\n'
    )
    expected = {"version": 3, "lr": 0.2, "width": 2, "epochs": 9}
    assert load_recipe(recipe_file, "series") == expected
    with pytest.raises(TrainingError, match="no budget 'smok', which 'paper' extends"):
        load_recipe(recipe_file, "paper")


def test_a_series_has_the_same_number_of_epochs_for_all_sizes() -> None:
    from ms25_suite.potentials.registry import get_trainer

    for name in ("ani", "mace", "mtp", "nequip", "allegro"):
        series, smoke = (get_trainer(name).recipe(budget) for budget in ("series", "smoke"))
        numbers = {number_of_epochs(series, n) for n in (25, 50, 100, 1000)}
        # With 100 frames it costs what smoke costs.
        assert numbers == {number_of_epochs(smoke, 100)}
        differ = {key for key in smoke if smoke[key] != series[key]}
        assert differ == {"epochs_least", "epochs_most"}
