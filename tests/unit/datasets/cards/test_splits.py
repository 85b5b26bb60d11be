from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.contracts import read_as
from ms25_suite.core.errors import CardError
from ms25_suite.datasets.cards.splits import SplitsConfig, SplitsTable


def table_of(table: dict[str, object]) -> SplitsTable:
    return read_as(SplitsTable, table, "card.toml", CardError)


def test_numbers_of_frames(tmp_path: Path) -> None:
    table = {"train": 9, "validation": 2, "test": 5, "train_sizes": [3, 9], "sets": 3, "seed": 7}
    assert table_of(table).located(tmp_path) == SplitsConfig(
        train=9, validation=2, test=5, train_sizes=(3, 9), sets=3, seed=7
    )


def test_an_empty_table_divides_nothing(tmp_path: Path) -> None:
    assert table_of({}).located(tmp_path) == SplitsConfig()


def test_files_by_role_start_from_the_folder_of_the_card(tmp_path: Path) -> None:
    table = {"train": ["a.xyz", "b.xyz"], "test": "/data/c.xyz", "seed": 1}
    assert table_of(table).located(tmp_path) == SplitsConfig(
        files=(
            ("train", (tmp_path / "a.xyz", tmp_path / "b.xyz")),
            ("test", (Path("/data/c.xyz"),)),
        ),
        seed=1,
    )


@pytest.mark.parametrize(
    ("table", "match"),
    [
        ({"trian": 3, "test": 1}, r"unknown key `trian`\. Did you mean 'train'"),
        ({"train": 0}, "`train`: expected a number of at least 1, found 0"),
        ({"train": 1.5}, "`train`: expected a whole number, a text or a list, found 1.5"),
        ({"train": [3]}, r"`train\[0\]`: expected a text, found 3"),
        ({"train": []}, r"`train`: expected a list of at least 1, found \[\]"),
        ({"train": ""}, "`train`: expected a text that is not empty, found ''"),
        ({"validation": 3}, "has validation but no `train`: how many frames"),
        ({"train": 9, "validation": -1}, "`validation`: expected a number of at least 0"),
        ({"train": 9, "sets": 0}, "`sets`: expected a number of at least 1, found 0"),
        ({"train": 9, "seed": -1}, "`seed`: expected a number of at least 0, found -1"),
        ({"train": 9, "train_sizes": 3}, "`train_sizes`: expected a list, found 3"),
        ({"train": 9, "train_sizes": []}, "`train_sizes`: expected a list of at least 1"),
        ({"train": 9, "train_sizes": [5, 3]}, r"`train_sizes` must ascend, found \[5, 3\]"),
        ({"train": 9, "train_sizes": [0]}, r"`train_sizes\[0\]`: expected a number of at least 1"),
        ({"train": 9, "train_sizes": [5, 10]}, "must not exceed `train` = 9"),
        ({"train": "a.xyz", "test": 5}, "numbers of frames or files, found both: `test` = 5"),
        ({"train": "a.xyz"}, "names files of train but none of `test`"),
    ],
)
def test_an_invalid_table_is_refused(table: dict[str, object], match: str) -> None:
    with pytest.raises(CardError, match=match):
        table_of(table)
