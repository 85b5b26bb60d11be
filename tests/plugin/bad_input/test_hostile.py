"""Rows on files and values that nobody would write on purpose."""

from __future__ import annotations

import gzip
import os
import socket
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from ase import Atoms

from ms25_suite.cli.main import main
from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.readers.files import read_images
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Judge = Callable[..., Outcome]
Refused = Callable[[object], str]
Dataset = Callable[..., str]


@pytest.fixture
def here(pytester: pytest.Pytester) -> Path:
    return pytester.path


@row("named pipe, socket, device, or link to nothing in place of any file")
@pytest.mark.parametrize("kind", ["a named pipe", "a socket", "a device", "a link to nowhere"])
@pytest.mark.parametrize("option", ["--mlip", "--dataset", "--ms25-thresholds"])
def test_no_file_at_all(
    judge: Judge, here: Path, cuni: Path, emt: str, kind: str, option: str
) -> None:
    path = here / {"--mlip": "odd.pt"}.get(option, "odd.toml")
    match kind:
        case "a named pipe":
            os.mkfifo(path)
        case "a socket":
            with socket.socket(socket.AF_UNIX) as one:
                one.bind(path.name)
        case "a device":
            path.symlink_to("/dev/zero")
        case _:
            path.symlink_to("nowhere")
    options = {"--mlip": emt, "--dataset": str(cuni)} | {option: path.name}
    text = judge(*(f"{name}={value}" for name, value in options.items())).text
    assert f"expected a file, found {kind}" in text


@pytest.fixture
def model(here: Path) -> Path:
    """A small archive, laid out as those of PyTorch."""
    path = here / "model.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", b"cmace.modules.models\nScaleShiftMACE\n.")
        archive.writestr("model/data/0", bytes(4096))
    return path


WRONG_BIT = (
    "model file of which a bit is wrong, encrypted or packed by an unknown method, with a member "
    "twice or over another one"
)


def in_table(content: bytearray, at: int, value: bytes) -> None:
    """Change the last entry of the table of members."""
    start = content.rindex(b"PK\x01\x02") + at
    content[start : start + len(value)] = value


@row(WRONG_BIT)
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("bit", "Bad CRC-32 for file 'model/data/0'"),
        ("encrypted", "its member 'model/data/0' is encrypted"),
        ("method", "packed by an unknown method, number 99"),
        ("overlap", "overlaps another one"),
        ("twice", "it holds 'model/data.pkl' twice"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_damaged_model(judge: Judge, model: Path, cuni: Path, damage: str, words: str) -> None:
    if damage == "twice":
        with zipfile.ZipFile(model, "a") as archive:
            archive.writestr("model/data.pkl", b"N.")
    else:
        content = bytearray(model.read_bytes())
        if damage == "bit":
            content[content.index(bytes(4096)) + 99] ^= 4
        elif damage == "encrypted":
            in_table(content, 8, struct.pack("<H", 1))
        elif damage == "method":
            in_table(content, 10, struct.pack("<H", 99))
        else:
            in_table(content, 42, struct.pack("<I", 0))
        model.write_bytes(content)
    text = judge("--mlip=model.pt", f"--dataset={cuni}").text
    assert words in text
    assert "Copy or download it again" in text


@row("small model file that would unpack to more than 256 MiB and 20 times its size")
def test_a_bomb(judge: Judge, model: Path, cuni: Path) -> None:
    content = bytearray(model.read_bytes())
    # Deflated, by the table.
    in_table(content, 10, struct.pack("<H", 8))
    in_table(content, 24, struct.pack("<I", 4_000_000_000))
    model.write_bytes(content)
    assert "would unpack to 4000000" in judge("--mlip=model.pt", f"--dataset={cuni}").text


@row("sidecar (`model.pt.json`) that is damaged, or of another model file")
@pytest.mark.parametrize(
    ("sidecar", "words"),
    [
        ('{"schema": 1, "cur', "model.pt.json is damaged"),
        ('{"schema": 1, "curve": {}, "model": {"sha256": "00"}}', "expected sha256 00, found "),
        ('{"schema": 1, "curve": {}, "model": {"sha256": "00"}, "data": 5}', "found 5"),
    ],
)
def test_a_wrong_sidecar(judge: Judge, model: Path, cuni: Path, sidecar: str, words: str) -> None:
    model.with_name("model.pt.json").write_text(sidecar)
    assert words in judge("--mlip=model.pt", f"--dataset={cuni}").text


TOO_LARGE = (
    "option that is not finite or too large: `--worker-timeout=inf`, `--workers=1000000000`, a "
    "seed from 2^32"
)


@row(TOO_LARGE)
@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--worker-timeout=inf", "at most 100000000.0, got inf"),
        ("--worker-timeout=1e400", "at most 100000000.0, got inf"),
        ("--worker-timeout=nan", "must be positive, got nan"),
        ("--workers=1000000000", "at most 1024"),
        ("--ms25-seed=4294967296", "at most 4294967295"),
        ("--md-steps=99999999999999999999", "at most 2147483647"),
    ],
)
def test_too_large(judge: Judge, emt: str, option: str, words: str) -> None:
    assert words in judge(f"--mlip={emt}", "--dataset=hea", option).text


@row("option of `train:ARCH` that is given twice, or not a whole number in plain digits")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("n=50,n=60", "n is given twice"),
        ("seed=1_0", "seed must be a whole number, found '1_0'"),
        ("n=٣", "n must be a whole number"),
        (f"set={'9' * 5000}", "set must be a whole number"),
    ],
)
def test_options_of_a_training(judge: Judge, options: str, words: str) -> None:
    assert words in judge(f"--mlip=train:mtp:{options}", "--dataset=hea").text


MANY = (
    "`seed=4..0` of `train:ARCH` that counts down, a value of `--mlip` that stands for more than "
    "100 potentials, or a pattern that no file fits"
)


@row(MANY)
@pytest.mark.parametrize(
    ("potential", "words"),
    [
        ("train:mtp:seed=4..0", "seed=4..0 counts down: expected for instance seed=0..4"),
        ("train:mtp:seed=0..999999999", "stands for 1000000000 potentials: at most 100"),
        ("train:mtp:seed=0..50,set=1..3", "stands for 153 potentials"),
        ("model_*.pt", "no file fits this pattern"),
    ],
)
def test_values_that_stand_for_several(judge: Judge, potential: str, words: str) -> None:
    assert words in judge(f"--mlip={potential}", "--dataset=hea").text


DEEP = (
    "card or thresholds file with more than 100 tables or lists inside each other, whole numbers "
    "of more than 19 digits, or texts with a NUL"
)


@row(DEEP)
@pytest.mark.parametrize("place", ["card", "thresholds"])
@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("x = " + "[" * 20_000, "at most 100 lists or tables inside each other"),
        ("cutoff = " + "9" * 400, "whole numbers of at most 19 digits, found one of 400"),
        ("cutoff = " + "9" * 5000, "whole numbers of at most 19 digits, found one of thousands"),
        ('title = "a\\u0000b"', "texts that a file can hold"),
    ],
    ids=["deep", "large", "huge", "nul"],
)
def test_documents_that_do_harm(
    judge: Judge, here: Path, emt: str, place: str, toml: str, words: str
) -> None:
    (here / "odd.toml").write_text(toml)
    data = ["--dataset=odd.toml"]
    if place == "thresholds":
        data = ["--dataset=hea", "--ms25-thresholds=odd.toml"]
    assert words in judge(f"--mlip={emt}", *data).text


@row("card with `sets` above 1000")
def test_many_sets(judge: Judge, images: list[Atoms], dataset: Dataset, emt: str) -> None:
    frames = dataset(images, "[splits]\ntrain = 2\nsets = 1000000000\n")
    text = judge(f"--mlip={emt}", f"--dataset={frames}").text
    assert "`splits.sets`: expected a number of at most 1000, found 1000000000" in text


@row(
    "card whose `name` holds slashes or characters that cannot be seen, is `.` or `..`, or has "
    "more than 100 letters"
)
@pytest.mark.parametrize(
    "name", ["../x", r"a\\b", r"a\u001b[2J", r"a\nb", ".", "..", "x" * 101], ids=str
)
def test_names_that_are_no_names(
    judge: Judge, images: list[Atoms], dataset: Dataset, emt: str, name: str
) -> None:
    frames = dataset(images, f'name = "{name}"\n')
    text = judge(f"--mlip={emt}", f"--dataset={frames}").text
    assert "`name`: expected a name of at most 100 printable characters without /" in text


HEADER = 'Lattice="{}" Properties=species:S:1:pos:R:3:REF_forces:R:3 REF_energy={}\n'


def frames_of(
    row: str = "Cu 0.25 0 0", lattice: str = "3 0 0 0 3 0 0 0 3", energy: str = "-1.5"
) -> str:
    path = Path("odd.extxyz")
    path.write_text(f"1\n{HEADER.format(lattice, energy)}{row} 0.5 0 0\n" * 3, encoding="utf-8")
    return path.name


ODD_NUMBER = (
    "number with an underscore, digits of another script, or a decimal comma (`1_0`, `١`, `,5`), "
    "which Python's or ASE's reader would take for another number"
)


@row(ODD_NUMBER)
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"row": "Cu 1_0 0 0"}, "frame 0, atom 0 (line 3): expected numbers in plain digits"),
        ({"row": "Cu ١ 0 0"}, "frame 0, atom 0 (line 3): expected numbers in plain digits"),
        ({"energy": ",5"}, "frame 0, `REF_energy` (line 2): expected numbers with decimal points"),
        ({"lattice": "3,6 0 0 0 3,6 0 0 0 3,6"}, "frame 0, `Lattice` (line 2)"),
    ],
)
def test_odd_numbers(refused: Refused, here: Path, changes: dict[str, str], words: str) -> None:
    assert words in refused(frames_of(**changes))


@row("number of atoms that no file has (99999999999)")
def test_many_atoms(refused: Refused, here: Path) -> None:
    Path("odd.extxyz").write_text("99999999999\nProperties=species:S:1:pos:R:3\nCu 0 0 0\n")
    assert "frame 0 ends after 1 of 99999999999 atoms" in refused("odd.extxyz")


@row("compressed file that unpacks to more than 1 GiB and 200 times its size")
def test_a_compressed_bomb(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The limit itself would take seconds.
    monkeypatch.setattr("ms25_suite.datasets.readers.files._MOST_PLAIN", 1 << 20)
    Path("odd.extxyz.gz").write_bytes(gzip.compress(b"\n" * (8 << 20)))
    with pytest.raises(DatasetError, match="it unpacks to more than 1"):
        list(read_images(Path("odd.extxyz.gz")))


OF_ANOTHER_PROGRAM = (
    "results, journal or benchmark file of `ms25 report` and `ms25 compare` that is not JSON, is "
    "of another program, holds a key twice, numbers that are not finite, or too much inside each "
    "other"
)


@row(OF_ANOTHER_PROGRAM)
@pytest.mark.parametrize("command", ["report", "journal", "compare"])
@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "{}",
        '{"benchmarks": [{"name": "n", "stats": 5}]}',
        '{"schema": 1, "schema": 1, "run": {}, "results": []}',
        '{"benchmarks": [{"name": "n", "stats": {"median": NaN, "iqr": 1, "rounds": 1}}]}',
        '{"schema": 1, "run": {"seed": 1e999}, "results": []}',
        "[" * 50_000,
    ],
)
def test_files_of_other_programs(
    here: Path, capsys: pytest.CaptureFixture[str], command: str, text: str
) -> None:
    path = here / ("odd.jsonl" if command == "journal" else "odd.json")
    path.write_text(text + "\n")
    arguments = ["compare", str(path), str(path)]
    if command != "compare":
        arguments = ["report", str(path), "--out", str(here / "out")]
    assert main(arguments) == 1
    err = capsys.readouterr().err
    assert err.startswith("ms25: ")
    assert path.name in err
    assert not (here / "out").exists()


@row("element `X`, atomic numbers below 1 or above 118, no column of species")
@pytest.mark.parametrize(
    ("columns", "row", "found"),
    [
        ("species:S:1:pos:R:3", "X 0 0 0", "found 0 (0 stands for X"),
        ("Z:I:1:pos:R:3", "-5 0 0 0", "found -5 in"),
        ("Z:I:1:pos:R:3", "200 0 0 0", "found 200 in"),
        ("pos:R:3", "0 0 0", "found 0 (0 stands for X"),
    ],
)
def test_no_elements(refused: Refused, here: Path, columns: str, row: str, found: str) -> None:
    header = f"Properties={columns}:REF_forces:R:3 REF_energy=-1"
    Path("odd.extxyz").write_text(f"1\n{header}\n{row} 0.5 0 0\n" * 3)
    message = refused("odd.extxyz")
    assert "expected elements, atomic numbers from 1 to 118" in message
    assert found in message
    assert "first in frame 0, atom 0" in message


@row("positions or cells beyond 1e6 Å")
@pytest.mark.parametrize(
    "changes", [{"row": "Cu 1e9 0 0"}, {"lattice": "1e150 0 0 0 1e150 0 0 0 1e150"}]
)
def test_extreme_lengths(refused: Refused, here: Path, changes: dict[str, str]) -> None:
    message = refused(frames_of(**changes))
    assert "expected positions and cells of at most 1e+06 Å" in message
    assert "frames 0, 1, 2" in message


@row("cells with faces closer than 0.1 Å, or less than 0.05 Å^3 for each atom")
@pytest.mark.parametrize(
    ("lattice", "found"),
    [
        ("3 0 0 0 3 0 0 0 1e-6", "faces are at least 0.1 Å apart, found 1e-06 Å"),
        (".3 0 0 0 .3 0 0 0 .3", "at least 0.05 Å^3 for each atom, found 0.027 Å^3"),
    ],
)
def test_tiny_cells(refused: Refused, here: Path, lattice: str, found: str) -> None:
    assert found in refused(frames_of(lattice=lattice))
