"""Model files: what they are, judged from outside."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path

import pytest

from ms25_suite.architectures.mace.model import MaceArchitecture
from ms25_suite.core.errors import ModelFileError
from ms25_suite.potentials.model_file import summarise
from ms25_suite.potentials.registry import detect
from ms25_suite.potentials.spec import parse_spec


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch exploded",)


def _archive(path: Path, pickled: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", pickled)
    return path


@pytest.mark.mace
def test_mace_is_found_by_content_not_by_name(tiny_mace: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "whatever.xyz"
    renamed.write_bytes(tiny_mace.read_bytes())
    assert detect(renamed).name == "mace"
    assert parse_spec(str(renamed)).architecture == "mace"


@pytest.mark.mace
def test_a_state_dict_is_not_a_model(tiny_mace: Path) -> None:
    checkpoint = tiny_mace.with_name("tiny_epoch-0.pt")
    with pytest.raises(ModelFileError, match=r"weights only \(a state dict.*whole model"):
        parse_spec(str(checkpoint))


@pytest.mark.mace
def test_a_truncated_archive_is_damaged(tiny_mace: Path, tmp_path: Path) -> None:
    half = tmp_path / "model.pt"
    half.write_bytes(tiny_mace.read_bytes()[:100_000])
    with pytest.raises(ModelFileError, match=r"damaged archive .*found 100000 bytes"):
        parse_spec(str(half))


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "model.pt"
    empty.touch()
    with pytest.raises(ModelFileError, match=r"is empty \(0 bytes\)"):
        parse_spec(str(empty))


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="a folder"):
        parse_spec(str(tmp_path))


def test_a_text_file_called_model_is_shown(tmp_path: Path) -> None:
    text = tmp_path / "model.pt"
    text.write_text("<html>404 not found</html>")
    with pytest.raises(ModelFileError, match=r"starts with b'<html>404"):
        parse_spec(str(text))


def test_a_pickle_of_something_else_is_not_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = _archive(tmp_path / "model.pt", pickle.dumps(_Bomb()))
    with pytest.raises(ModelFileError, match=r"no known architecture.*posix"):
        parse_spec(str(path))
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("protocol", [2, 4])
def test_imports_are_read_in_old_and_new_pickles(tmp_path: Path, protocol: int) -> None:
    path = _archive(tmp_path / "model.pt", pickle.dumps(Path("x"), protocol=protocol))
    assert "pathlib.PosixPath" in summarise(path).pickle_globals


def test_an_archive_without_pickle_is_not_mace(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/readme", "x")
    assert not MaceArchitecture().recognises(summarise(path))


def test_torchscript_mace_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "compiled.model"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("compiled/code/__torch__/mace/modules/models.py", "")
    assert MaceArchitecture().recognises(summarise(path))
