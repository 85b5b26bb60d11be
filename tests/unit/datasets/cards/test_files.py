from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.contracts import read_as
from ms25_suite.core.errors import CardError, DatasetError
from ms25_suite.datasets.cards.files import CardFile, Files, located, verified_sha256

SHA = "a" * 64


@dataclass(frozen=True)
class Table:
    """A table with files."""

    files: Files


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("a.xyz", ["a.xyz"]),
        ({"path": "a.xyz", "sha256": SHA}, ["a.xyz"]),
        (["a.xyz", {"path": "sub/b.xyz"}], ["a.xyz", "sub/b.xyz"]),
        (["/data/a.xyz"], ["/data/a.xyz"]),
    ],
)
def test_files_start_from_a_folder(tmp_path: Path, written: object, names: list[str]) -> None:
    files = read_as(Table, {"files": written}, "card.toml", CardError).files
    assert [file.path for file in located(files, tmp_path)] == [tmp_path / name for name in names]


@pytest.mark.parametrize(
    ("written", "match"),
    [
        (3, "`files`: expected a text, a table or a list, found 3"),
        ("", "`files`: expected a text that is not empty"),
        ([], r"`files`: expected a list of at least 1, found \[\]"),
        ([3], r"`files\[0\]`: expected a text or a table, found 3"),
        ([{"path": "a", "sha": "b"}], r"`files\[0\].sha`\. Did you mean 'sha256'"),
        ([{"path": "a", "sha256": "zz"}], "`sha256` must be 64 hexadecimal digits, found 'zz'"),
        ([{"path": "a", "sha256": 3}], r"`files\[0\].sha256`: expected a text, found 3"),
        ([{"sha256": SHA}], r"the key `files\[0\].path` is missing"),
        ([{"path": ""}], "`path` must be a text that is not empty"),
    ],
)
def test_what_names_no_file_is_refused(written: object, match: str) -> None:
    with pytest.raises(CardError, match=match):
        read_as(Table, {"files": written}, "card.toml", CardError)


def test_the_checksum_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.xyz"
    path.write_text("1")
    right = file_sha256(path)
    assert verified_sha256(CardFile(path), "card") == right
    assert verified_sha256(CardFile(path, right), "card") == right
    with pytest.raises(CardError, match=f"card: a.xyz is not the file .* found {right}"):
        verified_sha256(CardFile(path, SHA), "card")


@pytest.mark.parametrize("error", [CardError, DatasetError])
def test_a_file_that_is_not_there(tmp_path: Path, error: Any) -> None:
    with pytest.raises(error, match="card: there is no file") as found:
        verified_sha256(CardFile(tmp_path / "a.xyz"), "card", error)
    assert type(found.value) is error
