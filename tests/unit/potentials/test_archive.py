from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from ms25_suite.core.errors import ModelFileError
from ms25_suite.potentials.archive import checked_archive
from ms25_suite.potentials.registry import detect

PICKLE = b"\x80\x02}q\x00."
WEIGHTS = b"\x00\x01\x02\x03" * 4096


def write(path: Path, method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("model/data.pkl", PICKLE)
        archive.writestr("model/data/0", WEIGHTS)
    return path


def change(path: Path, at: int, value: bytes) -> Path:
    """Write some bytes into the entry of the weights in the table of members."""
    content = bytearray(path.read_bytes())
    start = content.rindex(b"PK\x01\x02") + at
    content[start : start + len(value)] = value
    path.write_bytes(bytes(content))
    return path


def test_a_sound_archive(tmp_path: Path) -> None:
    found = checked_archive(write(tmp_path / "model.pt"), ("/data.pkl",))
    assert found == (("model/data.pkl", "model/data/0"), PICKLE)
    assert checked_archive(tmp_path / "model.pt", ("eager_model.pkl",))[1] is None


def test_one_wrong_bit_in_the_weights_is_found(tmp_path: Path) -> None:
    """PyTorch would load them."""
    path = write(tmp_path / "model.pt")
    content = bytearray(path.read_bytes())
    content[content.index(WEIGHTS) + 1000] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(ModelFileError, match=r"Bad CRC-32 for file 'model/data/0'.*Copy or"):
        detect(path)


@pytest.mark.mace
def test_damaged_weights_of_a_real_model_are_found(tiny_mace: Path, tmp_path: Path) -> None:
    assert detect(tiny_mace).name == "mace"
    path = tmp_path / "model.pt"
    content = bytearray(tiny_mace.read_bytes())
    with zipfile.ZipFile(tiny_mace) as archive:
        entry = max(archive.infolist(), key=lambda one: one.file_size)
    content[entry.header_offset + 200 + entry.file_size // 2] ^= 0x10
    path.write_bytes(bytes(content))
    with pytest.raises(ModelFileError, match=r"damaged archive \(Bad CRC-32 for file"):
        detect(path)


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (8, struct.pack("<H", 1), "its member 'model/data/0' is encrypted"),
        (10, struct.pack("<H", 99), "packed by an unknown method, number 99"),
        (24, struct.pack("<I", 2**32 - 2), "two sizes"),
        (20, struct.pack("<I", 2**20), "two sizes, 1048576 and 16384 bytes"),
        (16, bytes(8), "two sizes, 0 and 16384 bytes"),
        (42, struct.pack("<I", 0), "overlaps another one"),
        (42, struct.pack("<I", 2**31), "beyond its end|damaged archive"),
        (46, b"modelXdata", "differ"),
        (16, b"\0\0\0\0", "CRC"),
    ],
)
def test_a_table_of_members_that_lies(tmp_path: Path, at: int, value: bytes, message: str) -> None:
    path = change(write(tmp_path / "model.pt"), at, value)
    with pytest.raises(ModelFileError, match=message) as found:
        detect(path)
    assert str(found.value).startswith(f"the model file {path} is a damaged archive (")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_compression(tmp_path: Path, method: int) -> None:
    path = write(tmp_path / "model.pt", method)
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("model/data/0").header_offset + 30 + len("model/data/0")
    content = bytearray(path.read_bytes())
    content[start : start + 12] = b"\xff" * 12
    path.write_bytes(bytes(content))
    with pytest.raises(ModelFileError, match="is a damaged archive"):
        detect(path)


def test_two_members_of_one_name(tmp_path: Path) -> None:
    path = write(tmp_path / "model.pt")
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("model/data.pkl", b"\x80\x02]q\x00.")
    with pytest.raises(ModelFileError, match=r"holds 'model/data.pkl' twice"):
        detect(path)


def test_a_pickle_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", b"\x80\x02X\xff\xff\xff\x7f")
    with pytest.raises(ModelFileError, match=r"the pickle in the model file .* is damaged"):
        detect(path)
