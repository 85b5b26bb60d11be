from __future__ import annotations

import bz2
import gzip
import lzma
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.readers.extxyz import parse_header, scan_layout
from ms25_suite.datasets.readers.files import frame_sizes, read_images
from ms25_suite.datasets.writer import write_extxyz

N_LINES = 6
"""Of a frame of four atoms."""


@pytest.fixture(scope="module")
def lines() -> list[str]:
    from tempfile import TemporaryDirectory

    images = []
    for index in range(5):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.1, seed=index)
        atoms.info["REF_energy"] = -1.0 - index
        forces = np.random.default_rng(index).normal(size=(4, 3))
        atoms.arrays["REF_forces"] = forces - forces.mean(axis=0)
        images.append(atoms)
    with TemporaryDirectory() as folder:
        write_extxyz(Path(folder) / "x.extxyz", images)
        return (Path(folder) / "x.extxyz").read_text().splitlines(keepends=True)


def edited(line: int, change: Callable[[str], str]) -> Callable[[list[str]], list[str]]:
    return lambda lines: [
        change(text) if number == line else text for number, text in enumerate(lines, start=1)
    ]


def shorter(text: str) -> str:
    return " ".join(text.split()[:-1]) + "\n"


DAMAGES = {
    "a column is missing": (
        edited(16, shorter),
        2,
        r"frame 2, atom 1 \(line 16\) has 6 columns, expected 7",
    ),
    "a column too many": (
        edited(16, lambda text: f"{text.rstrip()} 1.0\n"),
        2,
        r"frame 2, atom 1 \(line 16\) has 8 columns, expected 7, as in `Properties`",
    ),
    "another number of columns in the header": (
        edited(14, lambda text: text.replace("pos:R:3", "pos:R:3:tag:I:1")),
        2,
        r"frame 2, atom 0 \(line 15\) has 7 columns, expected 8",
    ),
    "the last atoms are missing": (
        lambda lines: lines[:-2],
        4,
        "frame 4 ends after 2 of 4 atoms: the file is cut off",
    ),
    "cut off in a row": (
        lambda lines: [*lines[:-1], lines[-1][:20]],
        4,
        r"frame 4, atom 3 \(line 30\) has 2 columns, expected 7.* Is the file cut off",
    ),
    "cut off in the last number": (
        lambda lines: [*lines[:-1], lines[-1].rstrip()[:-3]],
        4,
        r"frame 4, atom 3 \(line 30\): the file is cut off in a number",
    ),
    "cut off in a header": (
        lambda lines: [*lines[:-5], lines[-5][:30]],
        4,
        "frame 4 ends after 0 of 4 atoms",
    ),
    "cut off behind a number of atoms": (
        lambda lines: lines[:-5],
        4,
        "frame 4 ends after 0 of 4 atoms",
    ),
    "more atoms than there are": (
        edited(7, lambda _: "5\n"),
        1,
        r"frame 1, atom 4 \(line 13\) has 1 columns, expected 7.*or the number of atoms wrong",
    ),
    "fewer atoms than there are": (
        edited(7, lambda _: "3\n"),
        2,
        r"line 12 should be the number of atoms of frame 2, found .* Has frame 1 more atoms",
    ),
    "a blank line": (
        edited(13, lambda text: f"\n{text}"),
        2,
        r"line 13 is blank, with more behind it \(line 14\): what follows a blank line is ignored",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_wrong_and_where(lines: list[str], name: str, tmp_path: Path) -> None:
    damage, n_sound, message = DAMAGES[name]
    path = tmp_path / "x.extxyz"
    path.write_text("".join(damage(lines)))
    with pytest.raises(DatasetError, match=rf"x\.extxyz cannot be read as extxyz: .*{message}"):
        open_dataset(str(path))
    with pytest.raises(DatasetError, match=message):
        frame_sizes(path)
    # Whoever wants them gets the frames before it.
    sound = []
    with pytest.raises(DatasetError, match=message):
        sound.extend(read_images(path))
    assert len(sound) in (0, n_sound)


@pytest.mark.parametrize("end", ["", "\n\n", "\n  \n"], ids=["no end of line", "blank", "blanks"])
def test_ends_of_sound_files(lines: list[str], tmp_path: Path, end: str) -> None:
    path = tmp_path / "x.extxyz"
    path.write_text("".join(lines).rstrip("\n") + end)
    assert len(open_dataset(str(path))) == 5


def test_numbers_of_any_width(tmp_path: Path) -> None:
    """Not every writer pads; a last row without end of line may then be a short one."""
    path = tmp_path / "x.extxyz"
    path.write_text("3\nProperties=species:S:1:pos:R:3\nH 0.12345 0 0\nH 0 1 0.5\nO 1 1 1")
    assert frame_sizes(path).tolist() == [3]


def test_plain_xyz_may_have_more_columns() -> None:
    assert scan_layout(["1\n", "water\n", "O 0 0 0 -0.8 1\n"]).sizes == (1,)
    assert (
        "has 3 columns, expected a symbol and a position"
        in scan_layout(["1\n", "water\n", "O 0 0\n"]).problem
    )


def test_cell_vectors_behind_the_atoms_are_no_frame() -> None:
    vectors = [f"VEC{axis} 1.0 0.0 0.0\n" for axis in (1, 2, 3)]
    assert scan_layout(["1\n", "\n", "O 0 0 0\n", *vectors, "1\n", "\n", "H 0 0 0\n"]).sizes == (
        1,
        1,
    )


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.extxyz"
    path.write_bytes(b"\x00\xff\xfe" * 100)
    with pytest.raises(DatasetError, match=r"cannot be read as extxyz: .*codec can't decode"):
        open_dataset(str(path))


@pytest.mark.parametrize(
    ("suffix", "pack"), [("xz", lzma.compress), ("gz", gzip.compress), ("bz2", bz2.compress)]
)
@pytest.mark.parametrize("damage", ["truncated", "changed", "not compressed"])
def test_damaged_compression(
    lines: list[str], tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes], damage: str
) -> None:
    packed = pack("".join(lines).encode())
    if damage == "truncated":
        packed = packed[:-20]
    elif damage == "changed":
        packed = packed[:60] + bytes([packed[60] ^ 255, packed[61] ^ 255]) + packed[62:]
    else:
        packed = "".join(lines).encode()
    path = tmp_path / f"x.extxyz.{suffix}"
    path.write_bytes(packed)
    with pytest.raises(DatasetError, match=r"is truncated or damaged \(.*Get the file again"):
        open_dataset(str(path))


@pytest.mark.parametrize("suffix", [".extxyz", ".extxyz.xz"])
def test_sizes_of_frames(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    write_extxyz(path, [Atoms("H2O"), bulk("Cu", cubic=True), Atoms("H")])
    assert frame_sizes(path).tolist() == [3, 4, 1]


def test_a_trajectory_that_is_cut_off(lines: list[str], tmp_path: Path) -> None:
    path = tmp_path / "x.traj"
    write(path, [bulk("Cu", cubic=True)] * 5)
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(DatasetError, match=r"cannot be read as traj: frame \d raised"):
        open_dataset(str(path))


@pytest.mark.parametrize(("extra", "refused"), [("", False), (" 0.1", False), (" 0 0 1", True)])
def test_columns_without_a_name(extra: str, refused: bool, tmp_path: Path) -> None:
    """Three could be forces, which would be ignored."""
    path = tmp_path / "x.xyz"
    path.write_text(f"2\nenergy=-1.0\nH 0 0 0{extra}\nH 0 0 0.7{extra}\n")
    if refused:
        with pytest.raises(DatasetError, match=r"3 columns behind .*Properties=species:S:1:pos:R"):
            list(read_images(path))
    else:
        assert len(list(read_images(path))) == 1
    # A structure alone needs no labels.
    assert len(list(read_images(path, any_format=True))) == 1


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("config_type= energy=-1.5", {"energy": -1.5}),
        ('config_type="" energy=-1.5 tag', {"energy": -1.5, "tag": True}),
        ('a= b=2 note="x= y=3" c=', {"b": 2, "note": "x= y=3"}),
        ("a = 3 b=4", {"a": 3, "b": 4}),
    ],
)
def test_a_missing_value_does_not_take_the_next_entry(
    header: str, expected: dict[str, object]
) -> None:
    assert parse_header(header) == expected


HEADER = 'Lattice="{}" Properties=species:S:1:pos:R:3 REF_energy={} id=2024_01_02\n'


def frame(lattice: str = "3 0 0 0 3 0 0 0 3", energy: str = "-1.5", x: str = "0.25") -> list[str]:
    return ["1\n", HEADER.format(lattice, energy), f"Cu {x} 0 0\n"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, ""),
        ({"lattice": "3,0,0,0,3,0,0,0,3"}, ""),
        ({"lattice": "[[3, 0, 0], [0, 3, 0], [0, 0, 3]]"}, ""),
        ({"energy": '-1.5 energy_note="PBE, D3 of run 1_2"'}, ""),
        # Python reads ten, and three.
        ({"x": "1_0"}, r"atom 0 \(line 3\): expected numbers in plain digits, found '1_0'"),
        ({"x": "٣"}, "expected numbers in plain digits"),
        ({"energy": "-1_5"}, r"`REF_energy` \(line 2\): expected numbers in plain digits"),
        ({"lattice": "3_0 0 0 0 3 0 0 0 3"}, "`Lattice`"),
        ({"energy": ",5"}, r"`REF_energy` \(line 2\): expected numbers with decimal points"),
        ({"lattice": ",5 0 0 0 3 0 0 0 3"}, "expected numbers with decimal points"),
        ({"lattice": "3,6 0 0 0 3,6 0 0 0 3,6"}, "expected numbers with decimal points"),
    ],
)
def test_numbers_that_other_programs_read_otherwise(changes: dict[str, str], problem: str) -> None:
    found = scan_layout(frame(**changes)).problem
    assert re.search(problem, found) if problem else not found


@pytest.mark.parametrize("digits", ["9" * 11, "9" * 5000, "９" * 13])
def test_a_number_of_atoms_that_is_damaged_is_no_long_wait(tmp_path: Path, digits: str) -> None:
    path = tmp_path / "x.extxyz"
    path.write_text(f"{digits}\nProperties=species:S:1:pos:R:3\nCu 0 0 0\n", encoding="utf-8")
    started = time.monotonic()
    with pytest.raises(DatasetError, match=r"ends after 1 of 99999999999 atoms|number of atoms"):
        list(read_images(path))
    assert time.monotonic() - started < 5.0
    problem = scan_layout(["1\n", f"Properties=species:S:{digits}\n", "Cu 0 0 0\n"]).problem
    assert "columns" in problem


def test_a_long_header_is_no_long_wait() -> None:
    started = time.monotonic()
    assert not scan_layout(["1\n", "a" * 300_000 + "\n", "Cu 0 0 0\n"]).problem
    assert time.monotonic() - started < 5.0


@pytest.mark.parametrize("suffix", ["xz", "gz"])
def test_a_small_file_that_unpacks_to_a_large_one(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ms25_suite.datasets.readers.files._MOST_PLAIN", 1 << 20)
    path = tmp_path / f"x.extxyz.{suffix}"
    path.write_bytes({"xz": lzma.compress, "gz": gzip.compress}[suffix](b"\n" * (8 << 20)))
    with pytest.raises(DatasetError, match=r"it unpacks to more than [0-9]+ bytes"):
        list(read_images(path))


def test_a_key_that_stands_twice(tmp_path: Path) -> None:
    """ASE takes the last value without a word."""
    path = tmp_path / "x.extxyz"
    path.write_text(
        '1\nProperties=species:S:1:pos:R:3 REF_energy=1 note="a=1 a=2" REF_energy=2\nCu 0 0 0\n'
    )
    with pytest.raises(DatasetError, match="the header holds `REF_energy` twice"):
        list(read_images(path))
    path.write_text('1\nProperties=species:S:1:pos:R:3 REF_energy=1 note="a=1 a=2"\nCu 0 0 0\n')
    (atoms,) = read_images(path)
    assert atoms.info["note"] == "a=1 a=2"
