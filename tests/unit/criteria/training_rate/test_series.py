from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from ase import Atoms
from ase.io import write

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import DatasetError
from ms25_suite.core.sealed import sealed_json
from ms25_suite.criteria.training_rate.series import find_series, members
from ms25_suite.datasets.dataset import Dataset, open_dataset
from ms25_suite.potentials.spec import PotentialSpec, parse_specs


@pytest.fixture(scope="module")
def hea() -> Dataset:
    return open_dataset("hea")


def model(
    folder: Path,
    name: str,
    n: int,
    seen: Sequence[int] = (),
    *,
    data: str = "hea",
    sha256: str = "00",
    budget: str = "smoke",
) -> PotentialSpec:
    """A file with a sidecar: what is in the file is nobody's business here."""
    path = folder / f"{name}.model"
    path.write_bytes(name.encode())
    manifest = {
        "schema": 1,
        "curve": {},
        "model": {"sha256": file_sha256(path)},
        "budget": budget,
        "data": {"name": data, "sha256": sha256, "set": 1, "n_train": n},
        "seen_frames": [f"{frame:032x}" for frame in seen],
    }
    path.with_name(f"{path.name}.json").write_text(sealed_json(manifest))
    return PotentialSpec(path.name, "model", name, "mace", path)


def test_potentials_to_train_differ_in_their_size_only(hea: Dataset) -> None:
    specs = parse_specs(["train:mace:n=100,seed=1", "train:mace:n=50", "train:mace:seed=1,n=50"])
    seeded, plain = find_series(specs)
    assert (seeded.name, seeded.sizes) == ("mace-seed1", (50, 100))
    assert (plain.name, plain.sizes) == ("mace", (50,))
    assert not seeded.is_at_hand
    found = members(seeded, hea)
    assert {n: spec.text for n, spec in found.specs.items()} == {
        n: f"train:mace:n={n},seed=1" for n in (50, 100, 200)
    }
    assert found.specs[50].training == {"n": 50, "seed": 1}


def test_three_sizes_of_the_command_line_are_a_curve_at_no_cost(hea: Dataset) -> None:
    texts = [f"train:mace:n={n}" for n in (150, 25, 75)]
    (series,) = find_series(parse_specs(texts))
    assert series.is_at_hand
    assert list(members(series, hea).specs) == [25, 75, 150]


def test_sizes_that_are_asked_for_count(hea: Dataset) -> None:
    (series,) = find_series(parse_specs(["train:mace:n=100"]))
    found = members(series, hea, (10, 20, 40, 400))
    assert list(found.specs) == [10, 20, 40]
    assert found.left_out == (400,)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ((100, 200, 400), "200 training frames of hea allow 100 and 200. Name others"),
        ((400, 600, 800), "allow none"),
    ],
)
def test_too_few_frames_make_no_curve(hea: Dataset, asked: tuple[int, ...], message: str) -> None:
    (series,) = find_series(parse_specs(["train:mace"]))
    found = members(series, hea, asked)
    assert not found.specs
    assert message in found.reason


def test_data_without_training_frames_make_no_curve(
    tmp_path: Path, cuni_images: list[Atoms]
) -> None:
    write(tmp_path / "cuni.extxyz", cuni_images)
    (series,) = find_series(parse_specs(["train:mace"]))
    found = members(series, open_dataset(str(tmp_path / "cuni.extxyz")))
    assert found.reason == "cuni has no training frames"


def test_sizes_come_from_the_dataset_that_is_trained_on(hea: Dataset) -> None:
    (series,) = find_series(parse_specs(["train:mace:dataset=mgo-2x2"]))
    assert list(members(series, hea).specs) == [25, 50, 100, 200]


def test_a_set_that_does_not_exist_is_an_error(hea: Dataset) -> None:
    (series,) = find_series(parse_specs(["train:mace:set=9"]))
    with pytest.raises(DatasetError, match="no set 9"):
        members(series, hea)


def test_model_files_of_one_data_set_and_budget_are_a_curve(tmp_path: Path, hea: Dataset) -> None:
    files = [model(tmp_path, f"m{n}", n, range(n)) for n in (100, 20, 50)]
    other = model(tmp_path, "other", 200, range(200), budget="standard")
    series, alone = find_series([*files, other])
    assert (series.name, series.sizes, series.problem) == ("mace-hea-smoke", (20, 50, 100), "")
    assert series.is_at_hand
    assert [spec.name for spec in members(series, hea).specs.values()] == ["m20", "m50", "m100"]
    assert "are of 200 frames" in alone.missing_reason
    assert "are of 200 frames" in members(alone, hea).reason


def test_a_size_that_is_there_twice_is_a_problem(tmp_path: Path) -> None:
    files = [model(tmp_path, f"m{n}", n, range(n)) for n in (10, 20, 40)]
    again = model(tmp_path, "again", 20, range(20))
    (series,) = find_series([*files, again])
    assert series.problem.startswith("m20 and again were both trained on 20 frames")


def test_frames_that_a_larger_size_does_not_hold_are_a_problem(tmp_path: Path) -> None:
    seen = {10: range(10), 20: range(5, 25), 40: range(40)}
    (series,) = find_series([model(tmp_path, f"m{n}", n, seen[n]) for n in seen])
    assert "the 10 training frames of m10 are not among the 20 of m20" in series.problem


@pytest.mark.parametrize("text", ["reference", "ase.calculators.emt:EMT"])
def test_what_was_not_trained_has_no_rate(text: str, hea: Dataset) -> None:
    (series,) = find_series(parse_specs([text]))
    assert "it is not known how many frames" in members(series, hea).reason
