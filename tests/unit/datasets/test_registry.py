from __future__ import annotations

from collections.abc import Callable

import pytest

from ms25_suite.datasets.registry import GROUPS, builtin_card, expand, own_datasets


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


def test_built_in_partners_exist_and_name_each_other() -> None:
    """If this fails, a card names a dataset that this version does not have."""
    for name in own_datasets():
        partners = builtin_card(name).partners
        for other in (*partners.of("size_extensivity"), *partners.of("framework_transfer")):
            assert other in own_datasets(), (name, other)
        for other in partners.of("size_extensivity"):
            assert builtin_card(other).partners.extensivity == name
