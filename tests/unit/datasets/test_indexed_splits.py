from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import CardError
from ms25_suite.datasets import Dataset, open_dataset
from ms25_suite.datasets.indexed_splits import IndexedSet, write_indices
from ms25_suite.datasets.writer import write_extxyz

SETS = (
    IndexedSet(train=(7, 1, 4), validation=(0,), test=(9, 2)),
    IndexedSet(train=(9, 2, 3, 5), test=(7,)),
)


def opened(folder: Path, content: dict[str, Any] | None = None, **splits: Any) -> Dataset:
    """Ten frames and a card whose [splits] names a file of indices."""
    images = []
    for number in range(10):
        atoms = Atoms("Cu2", [[0, 0, 0], [0, 0, 2.0 + 0.1 * number]], cell=[9] * 3, pbc=True)
        atoms.info["REF_energy"] = float(number)
        atoms.arrays["REF_forces"] = np.zeros((2, 3))
        images.append(atoms)
    write_extxyz(folder / "cu.extxyz", images)
    if content is None:
        write_indices(folder / "cu.splits.json", 10, SETS)
    else:
        (folder / "cu.splits.json").write_text(json.dumps(content))
    lines = [f"{key} = {json.dumps(value)}" for key, value in splits.items()]
    table = ["[splits]", 'indices = "cu.splits.json"', *lines]
    (folder / "cu.toml").write_text("\n".join(['files = "cu.extxyz"', *table]))
    return open_dataset(str(folder / "cu.toml"))


def test_each_set_has_its_own_division(tmp_path: Path) -> None:
    dataset = opened(tmp_path)
    splits = dataset.splits
    assert [[part.tolist() for part in parts] for parts in splits.parts] == [
        [[7, 1, 4], [0], [2, 9]],
        [[9, 2, 3, 5], [], [7]],
    ]
    # A training size is one of every set, and takes frames in the order of the file.
    assert splits.train_sizes == (3,)
    assert splits.train(2, set=2).tolist() == [9, 2]
    assert splits.origin == "2 sets stated in cu.splits.json"
    assert not any(finding.code == "train-test-overlap" for finding in dataset.findings)


def test_training_sizes_of_the_card(tmp_path: Path) -> None:
    assert opened(tmp_path, train_sizes=[1, 2]).splits.train_sizes == (1, 2)
    with pytest.raises(CardError, match="`train_sizes` needs 4 frames, there are 3"):
        opened(tmp_path, train_sizes=[1, 4])


def test_a_checksum_of_the_card_is_compared(tmp_path: Path) -> None:
    opened(tmp_path)
    card = tmp_path / "cu.toml"
    digits = file_sha256(tmp_path / "cu.splits.json")
    entry = f'{{ path = "cu.splits.json", sha256 = "{digits}" }}'
    card.write_text(card.read_text().replace('"cu.splits.json"', entry))
    assert open_dataset(str(card)).splits.n_sets == 2
    card.write_text(card.read_text().replace(digits[:4], "0000"))
    with pytest.raises(CardError, match=r"cu.splits.json is not the file that the card describes"):
        open_dataset(str(card))


@pytest.mark.parametrize(
    ("sets", "n_frames", "match"),
    [
        ([{"test": [10]}], 10, r"set 1 names frame 10, but the last one is 9"),
        ([{"test": [1]}, {"train": [3], "test": [3]}], 10, "set 2 names frame 3 twice"),
        ([{"train": [3], "test": []}], 10, r"expected a list of at least 1"),
        ([{"train": [3]}], 10, "`sets.0..test`"),
        ([{"test": [-1]}], 10, "expected a number of at least 0, found -1"),
        ([{"tset": [1], "test": [1]}], 10, "unknown key `sets.0..tset`"),
        ([], 10, "expected a list of at least 1"),
        ([{"test": [1]}], 12, "divides 12 frames, but .* has 10"),
    ],
)
def test_what_is_refused(tmp_path: Path, sets: list[Any], n_frames: int, match: str) -> None:
    with pytest.raises(CardError, match=match):
        opened(tmp_path, {"n_frames": n_frames, "sets": sets})


def test_a_missing_file_and_other_ways_to_divide(tmp_path: Path) -> None:
    opened(tmp_path)
    with pytest.raises(CardError, match="with `indices` that file says it all; found also train"):
        opened(tmp_path, train=3)
    with pytest.raises(CardError, match="found also sets"):
        opened(tmp_path, sets=3)
    card = tmp_path / "cu.toml"
    opened(tmp_path)
    (tmp_path / "cu.splits.json").unlink()
    with pytest.raises(CardError, match=r"there is no file .*cu.splits.json"):
        open_dataset(str(card))
