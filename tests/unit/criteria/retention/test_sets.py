from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ms25_suite.core.errors import DatasetError
from ms25_suite.criteria.retention.sets import (
    RetentionSet,
    chosen_sets,
    one_for_each_composition,
    unknown_elements,
)
from ms25_suite.datasets import Dataset, open_dataset
from tests.helpers.families import alloy, nickel

STRANGER: Any = SimpleNamespace(name="child", manifest=None)


def names(tuned_for: Dataset, child: Any = STRANGER, *given: str) -> list[str]:
    return [one.dataset.name for one in chosen_sets(tuned_for, child, given)]


def test_built_in_sets_that_share_an_element() -> None:
    found = chosen_sets(open_dataset("lta"), STRANGER)
    assert not any(one.asked for one in found)
    # One cell of MgO and of water each; no metals.
    assert [one.dataset.name for one in found] == [
        "bea",
        "cha",
        "fau",
        "mfi",
        "mgo-2x2",
        "water-64",
        "zro",
    ]
    assert names(open_dataset("hea")) == []
    # Not the material that it was tuned for in another cell.
    assert "mgo-4x4" not in names(open_dataset("mgo-2x2"))


def test_data_that_the_sidecar_says_it_was_tuned_for_are_left_out() -> None:
    cha = open_dataset("cha")
    child = SimpleNamespace(
        name="child", manifest=SimpleNamespace(data=SimpleNamespace(sha256=cha.sha256))
    )
    assert "cha" not in names(open_dataset("lta"), child)
    with pytest.raises(DatasetError, match="cha: child was tuned for it"):
        names(open_dataset("lta"), child, "cha")


def test_named_sets_are_asked_for(tmp_path: Path) -> None:
    own, other = nickel(tmp_path), alloy(tmp_path)
    path = str(tmp_path / "cuni.toml")
    (found,) = chosen_sets(own, STRANGER, [path, path])
    assert (found.dataset.sha256, found.asked) == (other.sha256, True)
    with pytest.raises(DatasetError, match="child was tuned for it"):
        chosen_sets(own, STRANGER, [str(tmp_path / "ni.toml")])


def test_one_set_for_each_composition() -> None:
    sets = [RetentionSet(open_dataset(name)) for name in ("mfi", "fau", "zro", "bea")]
    found = one_for_each_composition(sets)
    assert [one.dataset.name for one in found] == ["fau", "zro"]


def test_elements_without_parameters() -> None:
    def of(elements: tuple[int, ...] | None) -> Any:
        return SimpleNamespace(info=lambda: SimpleNamespace(elements=elements))

    zro = open_dataset("zro")
    assert unknown_elements(of((8, 40)), zro) == ""
    assert unknown_elements(of((8, 14)), zro) == "Zr"
    assert unknown_elements(of(None), zro) == ""
