"""Checksums of kept files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ms25_suite.core.sealed import DamagedError, read_sealed, seal, sealed_json, unseal_json
from tests.helpers.damage import damaged

RECORD = {"energy": -0.1, "names": ["Å", "\udcff"], "n": 10**20, "nothing": None, "low": -0.0}


def test_what_was_sealed_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(seal(b"abc", "x"))
    assert read_sealed(path, "x") == b"abc"


def test_every_change_of_bytes_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    whole = seal(np.random.default_rng(1).bytes(300), "x")
    for changed in damaged(whole, 400):
        path.write_bytes(changed)
        with pytest.raises(DamagedError, match="x is damaged: its checksum is wrong"):
            read_sealed(path, "x")


def test_content_of_another_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(seal(b"abc", "y"))
    with pytest.raises(DamagedError, match="checksum"):
        read_sealed(path, "x")
    with pytest.raises(DamagedError, match="checksum"):
        unseal_json(sealed_json(RECORD, "y"), "here", "x")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_sealed(tmp_path / "x")
    with pytest.raises(DamagedError, match="cannot be read"):
        read_sealed(tmp_path)


@pytest.mark.parametrize("indent", [None, 1])
def test_json_is_read_whatever_its_layout(indent: int | None) -> None:
    text = sealed_json(RECORD, "x", indent)
    assert unseal_json(text.encode(), "here", "x") == RECORD
    assert (
        unseal_json(json.dumps(json.loads(text), indent=7, sort_keys=True), "here", "x") == RECORD
    )


def test_every_change_of_json_gives_the_same_values_or_is_noticed() -> None:
    whole = sealed_json(RECORD, "x").encode()
    noticed = 0
    for changed in damaged(whole, 600):
        try:
            assert unseal_json(changed, "here", "x") == RECORD
        except DamagedError as error:
            noticed += 1
            assert str(error).startswith("here is damaged: ")  # noqa: PT017
    assert noticed > 500


OTHER = ("", "[]", "{}", "null", '{"crc32": 3}', "[" * 100_000, '{"a": NaN, "crc32": ""}')


@pytest.mark.parametrize("text", OTHER, ids=range(len(OTHER)))
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(DamagedError, match="here is damaged"):
        unseal_json(text, "here")
