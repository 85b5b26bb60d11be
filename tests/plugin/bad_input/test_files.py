"""Rows of the table "Files"."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from ase import Atoms

from ms25_suite.datasets import open_dataset
from tests.helpers.published_archives import pack, save
from tests.helpers.published_samples import hea, many, reaction, zro
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Refused = Callable[[object], str]
Dataset = Callable[..., str]

N_LINES = 18
"""Of a frame of 16 atoms."""


@pytest.fixture
def lines(images: list[Atoms], dataset: Dataset) -> list[str]:
    """Lines of a sound file of three frames: numbered from 1, frame 1 begins in line 19."""
    path = Path(dataset(images[:3], name="sound"))
    return path.read_text().splitlines(keepends=True)


@pytest.fixture
def message(refused: Refused) -> Callable[[list[str]], str]:
    """What is said about a file of these lines."""

    def run(lines: list[str]) -> str:
        Path("x.extxyz").write_text("".join(lines))
        found = refused("x.extxyz")
        assert "x.extxyz" in found
        return found

    return run


def edited(lines: list[str], number: int, change: Callable[[str], str]) -> list[str]:
    return [change(text) if at == number else text for at, text in enumerate(lines, start=1)]


@row("`.xz`, `.gz`, `.bz2` that is cut off, changed or not compressed")
@pytest.mark.parametrize("damage", ["cut off", "changed", "not compressed"])
@pytest.mark.parametrize(
    ("suffix", "compress"), [("xz", lzma.compress), ("gz", gzip.compress), ("bz2", bz2.compress)]
)
def test_damaged_compression(
    refused: Refused,
    lines: list[str],
    suffix: str,
    compress: Callable[[bytes], bytes],
    damage: str,
) -> None:
    plain = "".join(lines).encode()
    packed = compress(plain)
    content = {
        "cut off": packed[:-20],
        "changed": packed[:60] + bytes([packed[60] ^ 255, packed[61] ^ 255]) + packed[62:],
        "not compressed": plain,
    }[damage]
    Path(f"x.extxyz.{suffix}").write_bytes(content)
    message = refused(f"x.extxyz.{suffix}")
    assert "is truncated or damaged" in message
    assert "Get the file again" in message


ARCHIVE = "zip or tar archive that is cut off"


@row(ARCHIVE)
@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz"])
def test_an_archive_that_is_cut_off(ms25: Callable[..., Outcome], kind: str) -> None:
    save(Path("in/a.xyz"), many(hea(), 20))
    if kind == "tar":
        whole = gzip.decompress(pack(Path("in"), Path("whole.tar.gz")).read_bytes())
    else:
        whole = pack(Path("in"), Path(f"whole.{kind}")).read_bytes()
    Path(f"x.{kind}").write_bytes(whole[: len(whole) * 3 // 4])
    said = ms25("data", "archive", f"x.{kind}", "--out", "out").text
    assert f"x.{kind} is damaged or incomplete" in said
    assert "Get it again" in said
    assert not Path("out").exists()


@row(ARCHIVE)
@pytest.mark.parametrize("outside", ["archive", "folder"])
def test_an_archive_inside_that_is_cut_off(ms25: Callable[..., Outcome], outside: str) -> None:
    save(Path("inner/a.xyz"), many(hea(), 20))
    whole = pack(Path("inner"), Path("inner.zip")).read_bytes()
    save(Path("in/b.xyz"), many(zro(), 20))
    Path("in/cut.zip").write_bytes(whole[: len(whole) * 3 // 4])
    source = pack(Path("in"), Path("outer.zip")) if outside == "archive" else Path("in")
    said = ms25("data", "archive", source, "--out", "out", code=0).text
    assert re.search(r"left out.* cut\.zip: .*damaged or incomplete", said)
    assert Path("out/zro.toml").is_file()
    assert not Path("out/hea.toml").exists()


@row("system of the published archive whose labels have names or units that do not say enough")
@pytest.mark.parametrize("beside", [{}, {"i": 3, "time": 1.5}])
def test_a_system_with_unclear_labels(
    ms25: Callable[..., Outcome], beside: dict[str, float]
) -> None:
    """An `E` without CP2K's header, and CP2K's `E` beside an array whose name says nothing."""
    unclear = []
    for atoms in many(zro(), 6):
        bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True)
        bare.info |= {"E": atoms.get_potential_energy(), **beside}
        bare.arrays["xvec" if beside else "forces"] = atoms.get_forces()
        unclear.append(bare)
    save(Path("in/Zr-O/set1/all.extxyz"), unclear)
    save(Path("in/HEA/set1/all.traj"), many(hea(), 6))
    said = ms25("data", "archive", "in", "--out", "out", code=1).text
    assert "zro was recognised, and not written" in said
    assert ("could it be `xvec`" if beside else "eV or hartree?") in said
    assert Path("out/hea.toml").is_file()
    assert not Path("out/zro.toml").exists()


@row(
    "images of a reaction path (`neb.traj`) in an order that is not that of a path, or of other "
    "atoms"
)
@pytest.mark.parametrize("wrong", ["order", "atoms"])
def test_images_that_are_no_path(ms25: Callable[..., Outcome], wrong: str) -> None:
    images = many(reaction(), 6)
    save(Path("in/Reaction/set1/all.traj"), images)
    band = []
    for number in (0, 4, 1, 5, 2, 3):
        # Two legs at a sharp angle, so that no order is clear.
        atoms = images[0].copy()
        atoms.positions[64] += [0.5 * min(number, 6 - number), 0.3 * number, 0.0]
        atoms.calc = images[0].calc
        band.append(atoms)
    if wrong == "atoms":
        band[2].numbers[[0, 64]] = band[2].numbers[[64, 0]]
    save(Path("in/Reaction/set1/neb.traj"), band)
    said = ms25("data", "archive", "in", "--out", "out", code=0).text
    assert "set1/neb.traj is no reaction path that can be used" in said
    assert "[neb]" not in Path("out/reaction.toml").read_text()
    assert len(open_dataset("out/reaction.toml")) == 6


@row("frames of a LAMMPS dump, for which ASE states an energy of 0.0")
def test_a_dump_of_lammps(ms25: Callable[..., Outcome]) -> None:
    save(Path("in/Zr-O/all.traj"), many(zro(), 4))
    frames = []
    for atoms in many(hea(), 3):
        atoms.calc.results["energy"] = 0.0
        frames.append(atoms)
    save(Path("in/HEA/all.traj"), frames)
    said = ms25("data", "archive", "in", "--out", "out", code=1).text
    assert re.search(r"left out HEA/all.traj \(3 frames\): no energy", said)
    assert not Path("out/hea.toml").exists()


@row("file of `[splits] indices` that is of other frames, names one that is not there or one twice")
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"n_frames": 900, "sets": [{"test": [1]}]}', "divides 900 frames"),
        ('{"n_frames": 3, "sets": [{"test": [1]}, {"test": [3]}]}', "set 2 names frame 3"),
        ('{"n_frames": 3, "sets": [{"train": [1], "test": [1]}]}', "set 1 names frame 1 twice"),
    ],
)
def test_indices_of_other_frames(
    refused: Refused, images: list[Atoms], dataset: Dataset, content: str, expected: str
) -> None:
    Path("x.json").write_text(content)
    path = dataset(images[:3], card='[splits]\nindices = "x.json"')
    message = refused(path)
    assert "x.json" in message
    assert expected in message


@row("extended XYZ with a column too many or too few")
@pytest.mark.parametrize(
    ("change", "n"),
    [
        (lambda text: f"{text.rstrip()} 1.0\n", 9),
        (lambda text: " ".join(text.split()[:-1]) + "\n", 7),
    ],
    ids=["too many", "too few"],
)
def test_columns(
    message: Callable[..., str], lines: list[str], change: Callable[[str], str], n: int
) -> None:
    found = message(edited(lines, 22, change))
    assert f"frame 1, atom 1 (line 22) has {n} columns, expected 8" in found


@row("extended XYZ that is cut off in a number, a row, a frame or a header")
@pytest.mark.parametrize(
    ("cut", "words"),
    [
        (lambda lines: [*lines[:-1], lines[-1].rstrip()[:-3]], "frame 2, atom 15 (line 54): the"),
        (lambda lines: [*lines[:-1], lines[-1][:20]], "frame 2, atom 15 (line 54) has 2 columns"),
        (lambda lines: lines[:-3], "frame 2 ends after 13 of 16 atoms"),
        (lambda lines: [*lines[:37], lines[37][:30]], "frame 2 ends after 0 of 16 atoms"),
    ],
    ids=["number", "row", "frame", "header"],
)
def test_cut_off(
    message: Callable[..., str],
    lines: list[str],
    cut: Callable[[list[str]], list[str]],
    words: str,
) -> None:
    found = message(cut(lines))
    assert words in found
    assert "cut off" in found


@row("wrong number of atoms in a frame")
@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("17", "frame 1, atom 16 (line 37) has 1 columns, expected 8"),
        ("15", "line 36 should be the number of atoms of frame 2"),
    ],
)
def test_a_wrong_number_of_atoms(
    message: Callable[..., str], lines: list[str], number: str, words: str
) -> None:
    assert words in message(edited(lines, 19, lambda _: f"{number}\n"))


@row("blank line followed by more frames, which ASE's reader would ignore")
def test_a_blank_line(message: Callable[..., str], lines: list[str]) -> None:
    found = message(edited(lines, 37, lambda text: f"\n{text}"))
    assert "line 37 is blank, with more behind it (line 38)" in found


@row("text in place of a number, unknown element")
@pytest.mark.parametrize(
    "change",
    [lambda text: text.replace(text.split()[1], "here"), lambda text: "Qq" + text[2:]],
    ids=["text", "element"],
)
def test_no_number(
    message: Callable[..., str], lines: list[str], change: Callable[[str], str]
) -> None:
    assert "frame 1" in message(edited(lines, 22, change))


@row("file that is not the one of its card (`sha256`)")
def test_another_file(refused: Refused, images: list[Atoms], dataset: Dataset) -> None:
    stated = "ab" * 32
    dataset(images, f'[[files]]\npath = "data.extxyz"\nsha256 = "{stated}"\n')
    found = refused("data.toml")
    assert stated in found
    assert len(set(re.findall(r"\b[0-9a-f]{64}\b", found))) == 2


@row("page that `ms25 docs` does not have")
def test_no_page(ms25: Callable[..., Outcome]) -> None:
    said = ms25("docs", "eso").text
    assert "there is no page 'eso'. Did you mean 'eos'?" in said
    assert "`ms25 docs` without a name lists all pages" in said
