from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.importers import import_data
from ms25_suite.datasets.readers.files import (
    format_key,
    installed_reader,
    is_data_file,
    read_images,
)
from ms25_suite.datasets.readers.registry import (
    GROUP,
    Reader,
    find_reader,
    installed_readers,
)
from tests.helpers.fake_packages import add_package

CODE = """
from ase.io import read
from ms25_suite.datasets.readers.registry import Reader

class ByName(Reader):
    suffixes = (".theirs",)
    def read(self, path):
        yield from read(path, index=":", format="extxyz")

class ByContent(ByName):
    suffixes = ()
    def recognises(self, path):
        return path.read_bytes()[:1] == b"2"

class Raises(ByName):
    def read(self, path):
        yield next(super().read(path))
        raise KeyError("energy")

class Unsure(ByName):
    def recognises(self, path):
        raise OSError("no idea")

class Texts(ByName):
    def read(self, path):
        return ["Cu"]

class Nothing(ByName):
    def read(self, path):
        return []

class Unmade(ByName):
    def __init__(self):
        raise RuntimeError("no licence")

function = print
"""

Add = Callable[..., None]


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Add]:
    """Installs a package with the given reader."""

    def make(reader: str, package: str = "their-reader") -> None:
        module = package.replace("-", "_")
        files = {f"{module}.py": CODE}
        entries = {"theirs": f"{module}:{reader}"}
        add_package(monkeypatch, tmp_path / package, package, GROUP, entries, files)
        installed_readers.cache_clear()

    yield make
    for module in ("their_reader", "other_reader"):
        sys.modules.pop(module, None)
    installed_readers.cache_clear()


def save(path: Path, n: int = 2) -> Path:
    images = []
    for index in range(n):
        atoms = bulk("NaCl", "rocksalt", a=5.6 + 0.1 * index)
        atoms.info["REF_energy"] = -7.0 - index
        images.append(atoms)
    write(path, images, format="extxyz")
    return path


@pytest.mark.parametrize("name", ["x.theirs", "X.THEIRS"])
def test_files_by_their_extension(tmp_path: Path, add: Add, name: str) -> None:
    path = save(tmp_path / name)
    assert not is_data_file(path)
    with pytest.raises(DatasetError, match="is not that of a dataset"):
        list(read_images(path))
    add("ByName")
    assert is_data_file(path)
    dataset = open_dataset(str(path))
    assert len(dataset) == 2
    assert dataset.name == path.stem


def test_files_by_their_content(tmp_path: Path, add: Add) -> None:
    add("ByContent")
    path = save(tmp_path / "frames")
    assert len(open_dataset(str(path))) == 2
    (tmp_path / "notes").write_text("nothing")
    assert not is_data_file(tmp_path / "notes")


def test_cards_folders_and_lists_take_such_files(tmp_path: Path, add: Add) -> None:
    add("ByName")
    folder = tmp_path / "data"
    folder.mkdir()
    save(folder / "a.theirs")
    save(folder / "b.extxyz", 3)
    assert len(open_dataset(str(folder))) == 5
    assert len(open_dataset(f"{folder / 'a.theirs'},{folder / 'b.extxyz'}")) == 5
    (folder / "a.toml").write_text('level_of_theory = "PBE"')
    assert open_dataset(str(folder / "a.theirs")).card.level_of_theory == "PBE"
    (folder / "c.toml").write_text('files = "a.theirs"')
    assert len(open_dataset(str(folder / "c.toml"))) == 2


def test_an_import_prefers_the_reader_to_ase(tmp_path: Path, add: Add) -> None:
    add("ByContent")
    path = save(tmp_path / "x.pdb")
    card = import_data([path], tmp_path / "y.extxyz")
    assert len(open_dataset(str(card))) == 2


def test_the_formats_of_the_suite_need_no_entry_point(tmp_path: Path, add: Add) -> None:
    add("Unmade")
    path = save(tmp_path / "x.extxyz")
    assert installed_reader(path) is None
    assert len(open_dataset(str(path))) == 2
    assert format_key(path) == ".extxyz"


def test_nothing_is_loaded_at_import() -> None:
    code = (
        "import ms25_suite.datasets\n"
        "from ms25_suite.datasets.readers.registry import installed_readers\n"
        "assert installed_readers.cache_info().currsize == 0\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_kept_belongs_to_a_version_of_the_reader(tmp_path: Path, add: Add) -> None:
    add("ByName")
    path = save(tmp_path / "x.theirs")
    assert format_key(path) == ".theirs theirs of their-reader 1.2"


@pytest.mark.parametrize(
    ("reader", "problem"),
    [
        ("Raises", "by the reader theirs of their-reader 1.2: frame 1 raised KeyError: 'energy'"),
        ("Texts", "frame 0 raised TypeError: expected ase.Atoms, got str"),
        ("Nothing", "holds no frames"),
        ("Unsure", "the reader theirs of their-reader 1.2 raised OSError: no idea"),
        ("Unmade", "package their-reader is broken: its reader 'theirs' cannot be made: .*licence"),
        ("function", "must name a subclass of ms25_suite.datasets.readers.registry.Reader, found"),
        ("missing", "package their-reader is broken: .* cannot be loaded: AttributeError"),
    ],
)
def test_a_reader_that_fails_is_named(tmp_path: Path, add: Add, reader: str, problem: str) -> None:
    add(reader)
    with pytest.raises(DatasetError, match=problem):
        list(read_images(save(tmp_path / "x.theirs")))


def test_two_readers_of_one_file(tmp_path: Path, add: Add) -> None:
    add("ByName")
    add("ByContent", "other-reader")
    path = save(tmp_path / "x.theirs")
    with pytest.raises(DatasetError, match=r"other-reader 1\.2 and theirs of their-reader 1\.2"):
        find_reader(path)


def test_a_reader_must_read() -> None:
    class Incomplete(Reader):
        suffixes = (".x",)

    with pytest.raises(TypeError, match="read"):
        Incomplete()  # type: ignore[abstract]


def test_a_reader_without_extensions_recognises_nothing() -> None:
    class Silent(Reader):
        def read(self, path: Path) -> list[Atoms]:
            return []

    assert not Silent().recognises(Path("x.theirs"))
