from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.io import write

from ms25_suite.cli.main import main
from ms25_suite.core.errors import CardError, DatasetError
from ms25_suite.core.text.progress import Progress, ProgressTerminal, progress, progress_on
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.formats.units import Units
from ms25_suite.datasets.importers import import_data, suggested_splits
from ms25_suite.datasets.readers.foreign import Asked
from tests.helpers.npz_archives import npz


def test_the_layout_of_si_zeo22(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "si-zeo22" / "cha.npz"
    out = tmp_path / "cha.extxyz.xz"
    splits = {"train": 50, "validation": 10, "sets": 2, "seed": 1}
    card = import_data([source], out, level_of_theory="PBE-D3(BJ)", splits=splits, frames_limit=120)
    dataset = open_dataset(str(out))
    assert card == tmp_path / "cha.toml"
    assert dataset.card.level_of_theory == "PBE-D3(BJ)"
    assert dataset.name == "cha"
    assert dataset.splits.n_sets == 2
    assert len(dataset.splits.test()) == 60
    assert dataset.labels.stress is None
    assert dataset.frames.pbc.all()
    with np.load(source) as original:
        chosen = np.linspace(0, 1658, 120).round().astype(int)
        assert len(dataset) == 120
        np.testing.assert_array_equal(dataset.labels.energy, original["energies"][chosen])
        forces = original["forces"][chosen].reshape(-1, 3)
        np.testing.assert_allclose(dataset.labels.forces, forces, rtol=0, atol=5.1e-9)
        positions = original["positions"][chosen].reshape(-1, 3)
        np.testing.assert_allclose(dataset.frames.positions, positions, rtol=0, atol=5.1e-9)
        np.testing.assert_array_equal(dataset.frames.cells, original["cells"][chosen])
        symbols = [dataset.frames.atoms(7).get_chemical_symbols()]
        assert symbols == [original["symbols"].tolist()]


def test_a_file_that_cannot_be_written_ends_the_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_extxyz(path: Path, frames: Iterator[Atoms], suffix: str) -> None:
        next(frames)
        raise OSError("no space left on device")

    class Terminal(ProgressTerminal):
        def run(self, work: Progress, ended: threading.Event) -> None:
            if work.title == "next":
                shown.set()
            ended.wait()

    monkeypatch.setattr("ms25_suite.datasets.importers.write_extxyz", write_extxyz)
    monkeypatch.setattr("ms25_suite.core.text.progress.SHOW_AFTER_S", 0.0)
    shown = threading.Event()
    source = npz(tmp_path)
    with progress_on(Terminal(io.StringIO())):
        # The error is kept, with all that its functions held.
        with pytest.raises(DatasetError, match="no space left") as kept:
            import_data([source], tmp_path / "y.extxyz")
        with progress("next"):
            assert shown.wait(10.0), kept


def test_a_stress_and_one_cell_for_all(tmp_path: Path) -> None:
    stress = np.arange(36.0).reshape(6, 6) / 1000
    path = npz(tmp_path, cells=np.eye(3) * 9.0, stresses=stress)
    dataset = open_dataset(str(import_data([path], tmp_path / "y.extxyz")))
    np.testing.assert_allclose(dataset.labels.stress, stress)
    assert np.unique(dataset.frames.volumes).round(6).tolist() == [729.0]


def copper(n: int) -> list[Atoms]:
    images = []
    for index in range(n):
        atoms = bulk("Cu", a=3.5 + 0.02 * index, cubic=True)
        atoms.rattle(0.05, seed=index)
        atoms.calc = EMT()
        atoms.get_potential_energy()
        atoms.get_stress()
        atoms.info["config_type"] = "bulk"
        images.append(atoms)
    return images


def test_anything_that_ase_reads(tmp_path: Path) -> None:
    images = copper(8)
    write(tmp_path / "a.traj", images[:5])
    write(tmp_path / "b.json", images[5:], format="json")
    sources = [tmp_path / "a.traj", tmp_path / "b.json"]
    card = import_data(sources, tmp_path / "cu.extxyz", name="copper")
    dataset = open_dataset(str(card))
    assert dataset.name == "copper"
    assert len(dataset) == 8
    assert dataset.label_keys == {
        "energy": "REF_energy",
        "forces": "REF_forces",
        "stress": "REF_stress",
    }
    expected = [atoms.get_potential_energy() for atoms in images]
    np.testing.assert_allclose(dataset.labels.energy, expected, rtol=1e-12)
    expected = [atoms.get_stress() for atoms in images]
    np.testing.assert_allclose(dataset.labels.stress, expected, rtol=0, atol=1e-9)
    assert "config_type=bulk" in (tmp_path / "cu.extxyz").read_text()
    assert "no-level-of-theory" in [finding.code for finding in dataset.findings]


def test_unusual_keys(tmp_path: Path) -> None:
    images = copper(3)
    for atoms in images:
        atoms.info["E"] = 5.0
    write(tmp_path / "a.extxyz", images)
    asked = Asked(LabelKeys(energy="E"), Units(energy="eV"))
    card = import_data([tmp_path / "a.extxyz"], tmp_path / "b.extxyz", asked=asked)
    np.testing.assert_array_equal(open_dataset(str(card)).labels.energy, [5.0, 5.0, 5.0])


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    source = npz(tmp_path)
    out = tmp_path / "y.extxyz"
    import_data([source], out)
    with pytest.raises(DatasetError, match="exists already: name another file"):
        import_data([source], out)
    import_data([source], out, overwrite=True)
    with pytest.raises(DatasetError, match="expected a name that ends in"):
        import_data([source], tmp_path / "y.json")
    with pytest.raises(DatasetError, match="there is no folder"):
        import_data([source], tmp_path / "none" / "y.extxyz")


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("splits", "words"),
    [
        ({"train": 7}, "train = 7, validation = 0, but there are 6 frames"),
        ({"train": 6}, "at least one must be left to test on"),
        ({"train": 3, "validation": 3}, "validation = 3, but there are 6 frames"),
        ({"train": 3, "test": 4}, "test = 4, but there are 6 frames"),
        ({"train": 3, "sets": 1001}, "expected a number of at most 1000, found 1001"),
    ],
)
def test_a_split_that_is_impossible_leaves_nothing_behind(
    tmp_path: Path, splits: dict[str, int], words: str
) -> None:
    source = npz(tmp_path)
    with pytest.raises(DatasetError, match=words):
        import_data([source], tmp_path / "y.extxyz", splits=splits)
    assert left(tmp_path) == {"x.npz"}


def test_frames_without_forces_are_not_trained_on(tmp_path: Path) -> None:
    images = copper(6)
    for atoms in images[:3]:
        del atoms.calc.results["forces"]
    write(tmp_path / "a.traj", images)
    with pytest.raises(DatasetError, match="3 of 6 frames have both energy and forces"):
        import_data([tmp_path / "a.traj"], tmp_path / "b.extxyz", splits={"train": 4})
    assert left(tmp_path) == {"a.traj"}
    import_data([tmp_path / "a.traj"], tmp_path / "b.extxyz", splits={"train": 3})
    assert len(open_dataset(str(tmp_path / "b.extxyz")).splits.train()) == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train"] * 3, "all 3 frames are training frames"),
        (["train", "test", None], "frame 2 have none"),
        (["train", "test", "both"], "must be one of"),
    ],
)
def test_roles_that_are_impossible_leave_nothing_behind(
    tmp_path: Path, words: list[str | None], message: str
) -> None:
    images = copper(3)
    for atoms, word in zip(images, words, strict=True):
        atoms.info |= {} if word is None else {"split": word}
    write(tmp_path / "a.extxyz", images)
    with pytest.raises(DatasetError, match=message):
        import_data([tmp_path / "a.extxyz"], tmp_path / "b.extxyz")
    assert left(tmp_path) == {"a.extxyz"}
    # A split that is asked for replaces theirs.
    import_data([tmp_path / "a.extxyz"], tmp_path / "b.extxyz", splits={"train": 1})


def test_isolated_atoms_alone_leave_nothing_behind(tmp_path: Path) -> None:
    write(tmp_path / "a.extxyz", [Atoms("Cu", info={"REF_energy": -0.2}) for _ in range(2)])
    with pytest.raises(DatasetError, match="all 2 frames are isolated atoms"):
        import_data([tmp_path / "a.extxyz"], tmp_path / "b.extxyz")
    assert left(tmp_path) == {"a.extxyz"}


@pytest.mark.parametrize("name", ["a/b", "..", "a\x1b[31m", "a\nb", "bad\udcff"])
def test_a_name_that_is_no_name_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    source = npz(tmp_path)
    with pytest.raises(CardError, match="printable characters without /"):
        import_data([source], tmp_path / "y.extxyz", name=name)
    assert left(tmp_path) == {"x.npz"}


@pytest.mark.parametrize("spelling", ["plain", "dots", "link", "linked folder", "hard link"])
def test_a_source_is_not_replaced(tmp_path: Path, spelling: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    source = folder / "a.extxyz"
    write(source, copper(3))
    before = source.read_bytes()
    out = {
        "plain": source,
        "dots": folder / ".." / "data" / "a.extxyz",
        "link": folder / "b.extxyz",
        "linked folder": tmp_path / "other" / "a.extxyz",
        "hard link": folder / "c.extxyz",
    }[spelling]
    (folder / "b.extxyz").symlink_to("a.extxyz")
    (folder / "c.extxyz").hardlink_to(source)
    (tmp_path / "other").symlink_to(folder, target_is_directory=True)
    names = left(folder)
    for overwrite in (True, False):
        with pytest.raises(DatasetError, match=r"is the source .* itself"):
            import_data([source], out, overwrite=overwrite)
    assert source.read_bytes() == before
    assert left(folder) == names


@pytest.mark.parametrize("text", ['files = "a.extxyz"', 'level_of_theory = "PBE"'])
def test_the_card_of_a_source_is_not_replaced(tmp_path: Path, text: str) -> None:
    write(tmp_path / "a.extxyz", copper(3))
    card = tmp_path / "a.toml"
    card.write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match="is the card of the source"):
        import_data([tmp_path / "a.extxyz"], tmp_path / "a.extxyz.xz", overwrite=True)
    assert card.read_text(encoding="utf-8") == text
    # The card of an earlier import is.
    card.unlink()
    for overwrite in (False, True):
        import_data([tmp_path / "a.extxyz"], tmp_path / "a.extxyz.xz", overwrite=overwrite)


def test_the_same_import_gives_the_same_bytes(tmp_path: Path) -> None:
    source = npz(tmp_path)
    import_data([source], tmp_path / "one.extxyz.xz")
    import_data([source], tmp_path / "two.extxyz.xz")
    one, two = (tmp_path / f"{name}.extxyz.xz" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_suggested_splits() -> None:
    paper = suggested_splits(10_000, seed=3)
    assert (paper["train"], paper["validation"], paper["test"]) == (1000, 80, 8920)
    assert paper["train_sizes"] == [50, 100, 200, 400, 600, 800, 1000]
    assert (paper["sets"], paper["seed"]) == (3, 3)
    mini = suggested_splits(660, seed=0)
    assert (mini["train"], mini["validation"], mini["test"]) == (200, 40, 420)
    assert mini["train_sizes"] == [50, 100, 200]
    for n_frames in (3, 10, 161, 162, 9999):
        table = suggested_splits(n_frames, seed=0)
        assert table["train"] + table["validation"] + table["test"] == n_frames
        assert min(table["train"], table["validation"], table["test"]) >= 1
    with pytest.raises(DatasetError, match="2 frames cannot be split"):
        suggested_splits(2, seed=0)


def test_trajectories_of_cp2k_have_their_forces_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "water-pos-1.xyz"
    head = " i = 0, time = 0.5, E =      -17.2\n"
    path.write_text(f"3\n{head}  O 0.0 0.0 0.1\n  H 0.0 0.8 -0.5\n  H 0.0 -0.8 -0.5\n")
    assert main(["data", "import", str(path), "--out", str(tmp_path / "y.extxyz")]) == 0
    said = capsys.readouterr().err
    assert "converted to eV and Å: energy in hartree: as CP2K writes them" in said
    assert "trajectory of CP2K: E is in hartree, and there is no cell" in said
    assert "Its forces are in water-frc-1.xyz" in said
