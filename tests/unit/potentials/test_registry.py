"""Architectures and trainers by name, and what happens when a package brings a broken one."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from types import SimpleNamespace

import pytest

from ms25_suite.architectures.mace.model import MaceArchitecture
from ms25_suite.architectures.mace.trainer import MaceTrainer
from ms25_suite.core.errors import ArchitectureNotInstalledError, UsageError
from ms25_suite.potentials.base import Architecture
from ms25_suite.potentials.registry import (
    GROUP,
    architectures,
    get_architecture,
    get_trainer,
    implementation,
    load_implementation,
    require_installed,
    trainable,
)
from ms25_suite.training.recipe import BUDGETS

OURS = ("allegro", "ani", "mace", "mtp", "nequip")


class Untrainable(MaceArchitecture):
    name = "untrainable"
    trainer = ""


class Misplaced(MaceArchitecture):
    name = "misplaced"
    trainer = "no_such_package.trainer:Trainer"


class Mislabelled(MaceArchitecture):
    name = "mislabelled"


class NoTrainer(MaceArchitecture):
    name = "no-trainer"
    trainer = "json:JSONDecoder"


class Absent(MaceArchitecture):
    name = "absent"
    trainer = "json:NoSuchName"


class Unfinished(Architecture):
    name = "unfinished"


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Function that makes the entry points of other packages the only ones."""

    def only(**points: str) -> None:
        found = []
        for name, value in points.items():
            point = metadata.EntryPoint(name.split("__")[0].replace("_", "-"), value, GROUP)
            vars(point)["dist"] = SimpleNamespace(name=f"their-{name}", version="1.2")
            found.append(point)
        monkeypatch.setattr(metadata, "entry_points", lambda group: found)
        architectures.cache_clear()

    yield only
    architectures.cache_clear()


def test_every_architecture_of_the_suite_can_be_trained() -> None:
    assert set(OURS) <= set(trainable())
    for name in OURS:
        trainer = get_trainer(name)
        assert trainer.name == name
        for budget in BUDGETS:
            assert trainer.recipe(budget)["version"] >= 1


def test_the_recipe_of_approximate_potentials_is_not_offered() -> None:
    assert MaceTrainer().recipe("approximate")["num_interactions"] == 1
    with pytest.raises(UsageError, match=r"Known: smoke, series, standard, paper$"):
        MaceTrainer().recipe("approximat")


def test_misspelled_names() -> None:
    with pytest.raises(UsageError, match=r"'MACE'\. Did you mean 'mace'"):
        get_trainer("MACE")
    with pytest.raises(UsageError, match=r"'gap'\. Known: .*mace"):
        get_architecture("gap")


def test_an_architecture_is_found_by_its_place() -> None:
    place = implementation(get_architecture("mace"))
    assert place == "ms25_suite.architectures.mace.model:MaceArchitecture"
    assert load_implementation(place).name == "mace"


def test_a_missing_package_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MaceArchitecture, "package", "no_such_package_here")
    with pytest.raises(ArchitectureNotInstalledError, match=r'pip install "ms25-suite\[mace\]"'):
        require_installed(get_architecture("mace"))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Untrainable, r"'untrainable' has no trainer\. Trainable: $"),
        (Misplaced, r"'misplaced' cannot be loaded .*ModuleNotFoundError: No module named 'no_su"),
        (Absent, r"'absent' cannot be loaded .*AttributeError: .*NoSuchName"),
        (NoTrainer, r"'no-trainer': expected a subclass of Trainer, found .*JSONDecoder"),
        (Mislabelled, r"'mislabelled': .*MaceTrainer' trains the architecture 'mace'"),
    ],
)
def test_a_broken_trainer_of_another_package(
    register: object, kind: type[Architecture], message: str
) -> None:
    register(**{kind.name.replace("-", "_"): f"{__name__}:{kind.__name__}"})  # type: ignore[operator]
    assert get_architecture(kind.name).name == kind.name
    with pytest.raises(UsageError, match=message):
        get_trainer(kind.name)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (
            {"gap": "no_such_package:Gap"},
            r"package their-gap is broken: its entry point 'gap' .* cannot",
        ),
        (
            {"gap": "json:JSONDecoder"},
            r"'gap' of the package their-gap: expected a subclass of Arch",
        ),
        ({"unfinished": f"{__name__}:Unfinished"}, r"does not define load, recognises"),
        ({"gap": f"{__name__}:Untrainable"}, r"expected a class with the name 'gap', found 'untr"),
        (
            {"untrainable": f"{__name__}:Untrainable", "untrainable__2": f"{__name__}:Untrainable"},
            r"two packages, their-untrainable and their-untrainable__2\. Uninstall one",
        ),
    ],
)
def test_a_broken_architecture_of_another_package(
    register: object, points: dict[str, str], message: str
) -> None:
    register(**points)  # type: ignore[operator]
    with pytest.raises(UsageError, match=message):
        architectures()
