from __future__ import annotations

import pytest

from ms25_suite.datasets import known_datasets
from ms25_suite.datasets.groups import GROUPS, expand


def test_all_are_all() -> None:
    assert expand("ALL") == known_datasets()


def test_a_name_that_is_no_group_stands_for_itself() -> None:
    assert expand("hea") == ("hea",)
    assert expand("My File.extxyz") == ("My File.extxyz",)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_is_its_members_as_far_as_there_are_any(
    group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ms25_suite.datasets.groups.known_datasets", lambda: GROUPS[group][:2])
    assert expand(group.upper()) == GROUPS[group][:2]
    monkeypatch.setattr("ms25_suite.datasets.groups.known_datasets", lambda: ())
    assert expand(group) == (group,)
