from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db import connect
from filelock import FileLock

from ms25_suite.cli.main import main
from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.published.importer import import_archive
from tests.helpers.published_archives import energies, energies_of, leftovers, opened, pack, save
from tests.helpers.published_samples import (
    hea,
    many,
    mgo,
    outcar,
    primitive_cha,
    reaction,
    water,
    zeolite,
    zro,
)


def test_one_file_for_each_system_in_a_zip(tmp_path: Path) -> None:
    source = tmp_path / "in"
    alloy, slab = many(hea(), 40, stress=True), many(mgo(2), 20)
    # Stress is on some frames only.
    for atoms in alloy[::2]:
        del atoms.calc.results["stress"]
    save(source / "data" / "first.xyz", alloy)
    save(source / "data" / "second.traj", slab)
    save(source / "data" / "third.extxyz", many(reaction(), 5))
    (source / "README.md").write_text("# data")
    (source / "__MACOSX").mkdir()
    (source / "__MACOSX" / "._first.xyz").write_bytes(b"\0\1")
    archive = pack(source, tmp_path / "in.zip")
    found = import_archive(archive, tmp_path / "out", seed=3)
    assert [d.system for d in found.datasets] == ["mgo-2x2", "reaction", "hea"]
    assert found.documents == ("README.md",)
    assert found.left_out == ()
    assert set(found.missing) == {
        *("mgo-4x4", "water-64", "water-192", "cha", "fau", "lta", "mfi", "bea", "zro")
    }
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [
        f"{n}.{e}" for n in ("hea", "mgo-2x2", "reaction") for e in ("extxyz.xz", "toml")
    ]
    dataset = opened(found, "hea")
    assert energies_of(dataset) == energies(alloy)
    has_stress = dataset.labels.has_stress
    assert has_stress is not None
    assert np.count_nonzero(has_stress) == 20
    np.testing.assert_allclose(dataset.labels.stress[1], alloy[1].get_stress(), atol=1e-8)
    np.testing.assert_allclose(
        dataset.labels.forces.reshape(40, -1, 3)[7], alloy[7].get_forces(), atol=1e-8
    )
    # The suite's own split, in small, and the thresholds of the paper.
    assert dataset.splits.n_sets == 3
    assert [len(part) for part in dataset.splits.parts[0]] == [12, 2, 26]
    assert dataset.card.threshold_class == "complex"
    assert opened(found, "reaction").card.threshold_class == "standard"
    assert (
        found.datasets[2]
        .notes[-1]
        .endswith("1000, 80 and 8920; these 40 were divided into 12, 2 and 26")
    )
    assert leftovers(tmp_path) == []


def test_a_folder_for_each_system_and_set(tmp_path: Path) -> None:
    """Sets 1 to 3 divide the same frames in different ways."""
    images = many(hea(), 30)
    rng = np.random.default_rng(1)
    expected = {}
    for number in (1, 2, 3):
        order = rng.permutation(30)
        parts = {"train": order[:15], "valid": order[15:18], "test": order[18:]}
        expected[number] = parts
        for role, chosen in parts.items():
            path = tmp_path / "in" / "alloy" / f"Set_{number}" / f"{role}.xyz"
            save(path, [images[i] for i in chosen])
    archive = pack(tmp_path / "in", tmp_path / "in.tar.gz")
    found = import_archive(archive, tmp_path / "out")
    assert [d.card.name for d in found.datasets] == ["hea.toml"]
    dataset = opened(found, "hea")
    assert dataset.splits.n_sets == 3
    assert len(dataset) == 30
    for number in (1, 2, 3):
        parts = dataset.splits.parts[number - 1]
        for role, part in zip(("train", "valid", "test"), parts, strict=True):
            wanted = energies(images[i] for i in expected[number][role])
            assert energies_of(dataset, part) == wanted
    assert found.datasets[0].split == "the archive's own: 15/3/12 x 3 sets"
    assert "90 frames in the files are 30 different ones" in found.datasets[0].notes
    # What is for training in one set is for testing in another: no error, and no leakage.
    assert set(expected[1]["train"]) & set(expected[2]["test"])
    assert not any(finding.code == "train-test-overlap" for finding in dataset.findings)


@pytest.mark.parametrize("additive", [False, True])
def test_files_for_each_training_size(tmp_path: Path, additive: bool) -> None:
    """The archive's nested sizes are kept frame by frame, in its own order."""
    images = many(zro(), 260, seed=2)
    order = np.random.default_rng(5).permutation(260)
    starts = {50: 0, 100: 50, 200: 100}
    for size, start in starts.items():
        chosen = order[start if additive else 0 : size]
        save(tmp_path / "in" / f"zr_o_N{size}.xyz", [images[i] for i in chosen])
    save(tmp_path / "in" / "zr_o_val.xyz", [images[i] for i in order[200:210]])
    save(tmp_path / "in" / "zr_o_test.xyz", [images[i] for i in order[210:]])
    found = import_archive(pack(tmp_path / "in", tmp_path / "in.tar.xz"), tmp_path / "out", seed=4)
    dataset = opened(found, "zro")
    kind = "additive" if additive else "nested"
    assert f"training sizes 50, 100, 200 of the archive, {kind}" in found.datasets[0].notes
    assert dataset.splits.train_sizes == (50, 100, 200)
    for size in starts:
        wanted = energies(images[i] for i in order[:size])
        assert energies_of(dataset, dataset.splits.train(size)) == wanted
    assert energies_of(dataset, dataset.splits.validation()) == energies(
        images[i] for i in order[200:210]
    )
    assert len(dataset.splits.test()) == 50


def test_a_database_whose_rows_say_their_role(tmp_path: Path) -> None:
    """One .db with two systems; keys and values as ASE keeps them."""
    (tmp_path / "in").mkdir()
    images = many(hea(), 9)
    with connect(tmp_path / "in" / "everything.db") as database:
        for index, atoms in enumerate(images):
            role = "test" if index % 3 == 0 else "train"
            database.write(atoms, split=role)
        for atoms in many(zro(), 4):
            database.write(atoms)
    found = import_archive(tmp_path / "in" / "everything.db", tmp_path / "out")
    dataset = opened(found, "hea")
    assert energies_of(dataset, dataset.splits.test()) == energies(images[::3])
    assert len(dataset.splits.train()) == 6
    assert found.datasets[1].split == "made here: 1/1/2 x 3 sets"


def test_one_file_mixes_the_systems(tmp_path: Path, shared_data: Path) -> None:
    """Both slabs, and frameworks of as many atoms; frames of no known system are reported."""
    groups = {
        "mgo-2x2": many(mgo(2), 5),
        "mgo-4x4": many(mgo(4), 4, seed=1),
        "mfi": many(zeolite(shared_data, "MFI"), 3, seed=2),
        "cha": many(primitive_cha(shared_data) * 2, 4, seed=3),
        "water-64": many(water(64), 3, seed=4),
    }
    strangers = [*many(Atoms("Mg", cell=[9] * 3, pbc=True), 2), *many(hea()[:4] * 1, 1)]
    images = [atoms for group in groups.values() for atoms in group] + strangers
    order = np.random.default_rng(0).permutation(len(images))
    save(tmp_path / "a.xyz", [images[i] for i in order])
    found = import_archive(tmp_path / "a.xyz", tmp_path / "out")
    for name, group in groups.items():
        assert energies_of(opened(found, name)) == energies(group)
    assert {entry.n_frames for entry in found.left_out} == {1, 2}
    assert any(entry.reason.startswith("Mg: no system") for entry in found.left_out)


def test_copies_in_another_format(tmp_path: Path) -> None:
    """Rounding to five digits must not make new frames, nor test frames of training frames."""
    images = many(mgo(2), 12)
    save(tmp_path / "in" / "full.traj", images)
    (tmp_path / "in" / "OUTCAR").write_text(outcar(images))
    # One atom moved by less than anybody would call another structure, but with another label.
    other = images[0].copy()
    other.positions[0, 0] += 0.001
    other.calc = SinglePointCalculator(other, **images[0].calc.results)
    save(tmp_path / "in" / "other.xyz", [other])
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert found.datasets[0].n_frames == 13
    assert "25 frames in the files are 13 different ones" in found.datasets[0].notes
    assert not any(f.code == "duplicate-frames" for f in found.datasets[0].findings)


def test_nothing_that_is_known(tmp_path: Path) -> None:
    save(tmp_path / "in" / "a.xyz", many(Atoms("Cu", cell=[3] * 3, pbc=True), 3))
    with pytest.raises(DatasetError, match=r"no frames of a system of the paper.*Cu: no system"):
        import_archive(tmp_path / "in", tmp_path / "out")
    with pytest.raises(DatasetError, match="there is no file"):
        import_archive(tmp_path / "none", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert leftovers(tmp_path) == []


def test_the_folder_to_write(tmp_path: Path) -> None:
    save(tmp_path / "in" / "a.xyz", many(hea(), 3))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(DatasetError, match=r"is not empty: .*--overwrite"):
        import_archive(tmp_path / "in", tmp_path / "out")
    import_archive(tmp_path / "in", tmp_path / "out", overwrite=True)
    assert (tmp_path / "out" / "mine.txt").exists()
    assert (tmp_path / "out" / "hea.toml").exists()
    with pytest.raises(DatasetError, match="there is no folder"):
        import_archive(tmp_path / "in", tmp_path / "x" / "y")
    with pytest.raises(DatasetError, match="is a file; name a folder"):
        import_archive(tmp_path / "in", tmp_path / "out" / "hea.toml")
    with pytest.raises(DatasetError, match="name a folder outside of it"):
        import_archive(tmp_path / "in", tmp_path / "in" / "out")


def test_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ms25_suite.datasets.published import writer as published_writer

    save(tmp_path / "in" / "a.xyz", many(hea(), 3))

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(published_writer, "open_dataset", interrupted)
    with pytest.raises(KeyboardInterrupt):
        import_archive(tmp_path / "in", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_what_a_killed_import_left_is_removed_by_the_next(tmp_path: Path) -> None:
    """But not the folder of one that is running."""
    save(tmp_path / "in" / "a.xyz", many(hea(), 3))
    for name in ("killed", "running"):
        (tmp_path / f".out-import-{name}").mkdir()
        (tmp_path / f".out-import-{name}" / "frames").write_bytes(b"1" * 1000)
    with FileLock(tmp_path / ".out-import-running" / "lock"):
        import_archive(tmp_path / "in", tmp_path / "out")
    assert leftovers(tmp_path) == [".out-import-running"]
    assert (tmp_path / "out" / "hea.toml").is_file()


def _with_split(folder: Path, images: list[Atoms]) -> None:
    for role, chosen in (("train", images[:10]), ("val", images[10:12]), ("test", images[12:])):
        save(folder / f"{role}.traj", chosen)


@pytest.mark.parametrize("role", ["train", "val", "test"])
@pytest.mark.parametrize("damage", ["empty", "cut off", "text", "without labels"])
def test_a_split_with_a_damaged_part_is_never_replaced(
    tmp_path: Path, role: str, damage: str
) -> None:
    """The frames of the other files must not be pooled: training frames would be tested on."""
    _with_split(tmp_path / "in" / "HEA" / "set1", many(hea(), 20))
    _with_split(tmp_path / "in" / "Zr-O" / "set1", many(zro(), 20))
    file = tmp_path / "in" / "HEA" / "set1" / f"{role}.traj"
    if damage == "without labels":
        bare = many(hea(), 4, seed=3)
        for atoms in bare:
            atoms.calc = None
        save(file, bare)
    else:
        content = file.read_bytes()
        half = content[: len(content) // 2]
        file.write_bytes({"empty": b"", "cut off": half, "text": b"lost\n"}[damage])
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert [dataset.system for dataset in found.datasets] == ["zro"]
    assert found.refused == ("hea",)
    assert not (tmp_path / "out" / "hea.toml").exists()
    reason = next(entry.reason for entry in found.left_out if entry.name == "hea")
    assert f"HEA/set1/{role}.traj" in reason
    assert "--exclude" in reason


@pytest.mark.parametrize("kept", [("train",), ("train", "val"), ("train-50", "train-100")])
def test_a_split_without_test_frames_is_never_replaced(
    tmp_path: Path, kept: tuple[str, ...]
) -> None:
    images = many(zro(), 12)
    for position, role in enumerate(kept):
        save(tmp_path / "in" / f"{role}.traj", images[6 * position : 6 * position + 6])
    save(tmp_path / "in" / "hea.xyz", many(hea(), 5))
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert found.refused == ("zro",)


def test_a_document_named_after_a_part_of_the_split_is_no_part(tmp_path: Path) -> None:
    _with_split(tmp_path / "in" / "HEA" / "set1", many(hea(), 20))
    (tmp_path / "in" / "HEA" / "set1" / "train.log").write_text("epoch 1")
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert found.datasets[0].split == "the archive's own: 10/2/8"


def test_what_is_outdated_does_not_stay_beside_a_new_import(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the card of a system that is now refused, nor the split that another one had."""
    first, second, out = tmp_path / "first", tmp_path / "second", tmp_path / "out"
    _with_split(first / "HEA", many(hea(), 20))
    _with_split(first / "Zr-O", many(zro(), 20))
    save(first / "mgo.xyz", many(mgo(2), 4))
    import_archive(first, out)
    save(out / "mine.xyz", many(mgo(2), 1))
    _with_split(second / "HEA", many(hea(), 20))
    (second / "HEA" / "test.traj").write_bytes(b"")
    save(second / "zro.xyz", many(zro(), 20))
    assert main(["data", "archive", str(second), "--out", str(out), "--overwrite"]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "removed of an earlier import" in shown
    assert "hea.toml, hea.extxyz.xz, hea.splits.json, zro.splits.json" in shown
    assert "not of this archive" in shown
    assert sorted(path.name for path in out.iterdir()) == [
        *("mgo-2x2.extxyz.xz", "mgo-2x2.toml", "mine.xyz", "zro.extxyz.xz", "zro.toml")
    ]


def test_a_path_of_files_that_hold_the_relaxation_of_each_image(tmp_path: Path) -> None:
    """The path is made of their last frames, whose barrier is 0.8 eV."""
    save(tmp_path / "in" / "Reaction" / "all.traj", many(reaction(), 5))
    for number in range(7):
        history = []
        for left in (2, 1, 0):
            atoms = reaction()
            atoms.positions[-1] += [0.3 * number, 0.0, 0.02 * left * (0 < number < 6)]
            energy = -50 + 0.4 * (1 - np.cos(np.pi * number / 3)) + 0.1 * left
            forces = np.zeros((len(atoms), 3))
            forces[-1, 0] = -0.4 * np.pi / 3 / 0.3 * np.sin(np.pi * number / 3)
            atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces)
            history.append(atoms)
        save(tmp_path / "in" / "Reaction" / "neb" / f"{number:02d}.traj", history)
    found = import_archive(tmp_path / "in", tmp_path / "out")
    path = found.datasets[0].path
    assert path is not None
    assert len(path.images) == 7
    assert path.barrier == pytest.approx(0.8, abs=0.02)
    assert any("the last one of each" in note for note in found.datasets[0].notes)


def over_a_barrier() -> list[Atoms]:
    """Seven images whose highest is 0.8 eV above both ends."""
    images = []
    for number in range(7):
        atoms = reaction()
        atoms.positions[-1, 0] += 0.3 * number
        energy = -50 + 0.4 * (1 - np.cos(np.pi * number / 3))
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=np.zeros((len(atoms), 3)))
        images.append(atoms)
    return images


@pytest.mark.parametrize("name", ["images.traj", "test-neb.traj"])
def test_a_path_under_another_name_is_said(tmp_path: Path, name: str) -> None:
    save(tmp_path / "in" / "Reaction" / "train.traj", many(reaction(), 20))
    save(tmp_path / "in" / "Reaction" / "test.traj", many(reaction(), 5, seed=1))
    save(tmp_path / "in" / "Reaction" / name, over_a_barrier())
    found = import_archive(tmp_path / "in", tmp_path / "out")
    said = [note for note in found.datasets[0].notes if "lead from one end" in note]
    assert len(said) == 1
    assert f"the 7 frames of Reaction/{name}" in said[0]
    assert "--exclude" in said[0]


def test_files_of_one_image_each_are_a_path(tmp_path: Path) -> None:
    save(tmp_path / "in" / "Reaction" / "all.traj", many(reaction(), 5))
    for number, atoms in enumerate(over_a_barrier()):
        save(tmp_path / "in" / "Reaction" / f"neb{number + 5}.traj", [atoms])
    path = import_archive(tmp_path / "in", tmp_path / "out").datasets[0].path
    assert path is not None
    assert path.barrier == pytest.approx(0.8, abs=0.02)
    # Without one of them it is a part of a path, which has no barrier of its own.
    (tmp_path / "in" / "Reaction" / "neb8.traj").write_bytes(b"")
    found = import_archive(tmp_path / "in", tmp_path / "second").datasets[0]
    assert found.path is None
    assert any("lacks images (Reaction/neb8.traj: it is empty" in note for note in found.notes)


@pytest.mark.parametrize("wrong", ["cut off", "an image without labels"])
def test_a_path_that_lacks_images_is_none(tmp_path: Path, wrong: str) -> None:
    """What is left of it has a maximum too, and another barrier."""
    images = over_a_barrier()
    if wrong == "an image without labels":
        images[3].calc = None
    neb = tmp_path / "in" / "Reaction" / "neb.traj"
    save(tmp_path / "in" / "Reaction" / "all.traj", many(reaction(), 5))
    save(neb, images)
    if wrong == "cut off":
        neb.write_bytes(neb.read_bytes()[:-2000])
    found = import_archive(tmp_path / "in", tmp_path / "out").datasets[0]
    assert found.path is None
    assert any("neb.traj is no reaction path that can be used" in note for note in found.notes)
    assert "[neb]" not in found.card.read_text()
