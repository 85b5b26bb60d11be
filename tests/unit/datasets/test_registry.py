from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ms25_suite.core.errors import CardError, DatasetError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.published.systems import SYSTEMS
from ms25_suite.datasets.registry import (
    ENTRY_POINTS,
    GROUPS,
    OTHER_CELLS,
    builtin_card,
    expand,
    known_datasets,
    own_datasets,
    suggestion,
)
from tests.helpers.fake_packages import add_package


def test_all_are_all() -> None:
    assert expand("ALL") == own_datasets()


def test_a_name_that_is_no_group_stands_for_itself() -> None:
    assert expand("hea") == ("hea",)
    assert expand("My File.extxyz") == ("My File.extxyz",)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_is_its_members_as_far_as_there_are_any(
    group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ms25_suite.datasets.registry.own_datasets", lambda: GROUPS[group][:2])
    assert expand(group.upper()) == GROUPS[group][:2]
    monkeypatch.setattr("ms25_suite.datasets.registry.own_datasets", lambda: ())
    assert expand(group) == (group,)


PAPER = {
    "MgO": ("mgo-2x2", "mgo-4x4"),
    "Water": ("water-64", "water-192"),
    "CHA": ("cha",),
    "Reaction": ("reaction",),
    "HEA": ("hea",),
    "Zr-O": ("zro",),
}
"""The paper's names of its systems."""


@pytest.mark.parametrize("change", [str, str.lower, str.upper, " {} ".format])
@pytest.mark.parametrize("name", PAPER)
def test_the_paper_s_names_in_any_case(name: str, change: Callable[[str], str]) -> None:
    if not set(PAPER[name]) <= set(own_datasets()):
        pytest.skip(f"this version has no {name}")
    cards = [builtin_card(member) for member in expand(change(name))]
    assert tuple(card.name for card in cards if card is not None) == PAPER[name]


@pytest.mark.parametrize(("name", "cell"), [("MgO", "mgo-2x2"), ("water", "water-64")])
def test_where_one_dataset_is_expected_a_name_of_the_paper_is_its_smaller_cell(
    name: str, cell: str
) -> None:
    card = builtin_card(name)
    assert card is not None
    assert card.name == cell


def test_built_in_partners_exist_and_name_each_other() -> None:
    """If this fails, a card names a dataset that this version does not have."""
    for name in own_datasets():
        partners = builtin_card(name).partners
        for other in (*partners.of("extensivity"), *partners.of("transfer")):
            assert other in own_datasets(), (name, other)
        for other in partners.of("extensivity"):
            # The small slab is tested in the large one, whose partner is the paper's.
            back = "mgo-2x2" if name == "mgo-2x2-small" else name
            assert builtin_card(other).partners.extensivity == back


CARD = """
name = "{name}"
title = "Copper"
elements = ["Cu"]
level_of_theory = "EMT"
aliases = ["{alias}"]
files = "copper.extxyz"
"""

Add = Callable[..., None]


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Add]:
    """Installs a package with a dataset."""
    modules = []

    def make(
        name: str = "copper", package: str = "their-data", alias: str = "cu", card: str = CARD
    ) -> None:
        module = package.replace("-", "_")
        modules.append(module)
        files = {
            f"{module}/__init__.py": "",
            f"{module}/{name}.toml": card.format(name=name, alias=alias),
            f"{module}/copper.extxyz": "2\nREF_energy=-3.5\nCu 0 0 0\nCu 2.2 0 0\n",
        }
        add_package(
            monkeypatch, tmp_path / package, package, ENTRY_POINTS, {"theirs": module}, files
        )

    yield make
    for module in modules:
        sys.modules.pop(module, None)


def test_a_dataset_of_a_package_is_used_by_name(add: Add) -> None:
    assert builtin_card("copper") is None
    add()
    assert known_datasets() == (*own_datasets(), "copper")
    for name in ("copper", " Copper ", "CU"):
        card = builtin_card(name)
        assert card is not None
        assert (card.name, card.package) == ("copper", "their-data")
    dataset = open_dataset("copper")
    assert (dataset.tier, len(dataset)) == ("their-data", 1)
    assert "copper (their-data)" in suggestion("coper")
    assert suggestion("coper").startswith("Did you mean 'copper'?")


def test_all_and_the_groups_stay_those_of_the_suite(add: Add) -> None:
    before = expand("all")
    add()
    assert expand("all") == before == own_datasets()


@pytest.mark.parametrize("name", ["hea", "HEA", "mgo", "all"])
def test_names_of_the_suite_are_taken(add: Add, name: str) -> None:
    add(name)
    with pytest.raises(DatasetError, match=f"package their-data brings a dataset '{name.lower()}'"):
        known_datasets()


def test_the_suite_s_own_names_load_no_entry_point(add: Add) -> None:
    add("hea")
    card = builtin_card("hea")
    assert card is not None
    assert card.package == ""
    # Nor do paths.
    assert builtin_card("folder/x.extxyz") is None


def test_two_packages_with_one_name(add: Add) -> None:
    add()
    add(package="other-data")
    with pytest.raises(DatasetError, match=r"their-data brings .* other-data has"):
        builtin_card("copper")


def test_two_packages_with_one_alias(add: Add) -> None:
    add()
    add("nickel", package="other-data")
    with pytest.raises(DatasetError, match=r"nickel \(other-data\) and copper \(their-data\)"):
        builtin_card("cu")


def test_names_that_might_be_paths_are_refused(add: Add) -> None:
    add("copper.v2")
    with pytest.raises(DatasetError, match="expected a name of letters, digits, - and _"):
        known_datasets()


def test_a_card_must_be_complete(add: Add) -> None:
    add(card='name = "copper"')
    with pytest.raises(CardError, match="must have `title`, `elements`, `level"):
        builtin_card("copper")


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("no_such_module", "package their-data is broken: .* cannot be loaded"),
        ("empty_theirs", r"which holds no cards \(\*.toml\)"),
        ("empty_theirs:NUMBER", "must name a module whose folder holds cards, found 3"),
    ],
)
def test_a_broken_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, problem: str
) -> None:
    files = {"empty_theirs/__init__.py": "NUMBER = 3\n"}
    add_package(monkeypatch, tmp_path, "their-data", ENTRY_POINTS, {"x": entry}, files)
    with pytest.raises(DatasetError, match=problem):
        builtin_card("copper")


def test_cells_that_the_paper_does_not_have() -> None:
    assert set(own_datasets()) - {system.name for system in SYSTEMS} == OTHER_CELLS
