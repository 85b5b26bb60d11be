from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.orientation import orientation
from ms25_suite.datasets.registry import own_datasets
from ms25_suite.datasets.tiers import find_tier
from tests.conftest import REPOSITORY
from tests.helpers.imported import import_some

UMA, MACE = "UMA-s-1p2 (omat)", "MACE-MP-0 medium"


def test_built_in_and_published_data_have_numbers_to_hold_against(tmp_path: Path) -> None:
    found = orientation(open_dataset("cha"))
    assert found is not None
    assert found.forces == {UMA: 82.8, MACE: 100.6}
    assert "zero shot" in found.conditions
    assert "2fcc18c" in found.source
    assert "58aa89a" in found.source
    assert found.remark == ""
    import_some(tmp_path, "cha")
    assert orientation(open_dataset("cha", tier=find_tier(str(tmp_path)))) == found


def test_energies_of_the_alloy_need_a_constant_for_each_element() -> None:
    found = orientation(open_dataset("hea"))
    assert found is not None
    assert "98 to 102 meV/atom" in found.remark


def test_later_sets_are_of_the_same_system(tmp_path: Path) -> None:
    card = import_some(tmp_path, "hea")["hea"]
    later = card.with_name("hea-set2.toml")
    later.write_text(card.read_text().replace('"hea"', '"hea-set2"') + 'files = "hea.extxyz"\n')
    found = orientation(open_dataset(str(later)))
    assert found is not None
    assert found.forces[UMA] == 280.7


def test_other_people_s_data_of_that_name_have_none(tmp_path: Path) -> None:
    import_some(tmp_path, "cha", published=False)
    assert orientation(open_dataset(str(tmp_path / "cha.toml"))) is None


@pytest.mark.parametrize("name", own_datasets())
def test_the_page_has_the_same_numbers(name: str) -> None:
    found = orientation(open_dataset(name))
    page = (REPOSITORY / "docs" / "datasets.md").read_text(encoding="utf-8")
    table = page.split("## What others found")[1].split("##")[0].splitlines()
    (heading,) = (line for line in table if line.startswith("| |"))
    names = [cell.strip(" `") for cell in heading.split("|")[2:-1]]
    if found is None:
        assert name not in names
        return
    for model, error in found.forces.items():
        (row,) = (line for line in table if line.startswith(f"| {model} "))
        assert float(row.split("|")[2:-1][names.index(name)]) == error
