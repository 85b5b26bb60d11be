from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db import connect
from ase.io import write

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets import Dataset, open_dataset
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.dataset import open_partner
from ms25_suite.datasets.published.importer import ArchiveImport, import_archive
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


def pack(folder: Path, archive: Path) -> Path:
    """A zip or tar of the content of a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
            for path in files:
                out.write(path, path.relative_to(folder))
    else:
        with tarfile.open(archive, f"w:{archive.suffix[1:]}") as out:
            for path in files:
                out.add(path, path.relative_to(folder))
    return archive


def save(path: Path, images: list[Atoms]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, images)


def opened(found: ArchiveImport, name: str) -> Dataset:
    cards = {dataset.card.stem: dataset.card for dataset in found.datasets}
    return open_dataset(str(cards[name]))


def energies(images: Iterable[Atoms]) -> list[float]:
    return sorted(round(atoms.get_potential_energy(), 6) for atoms in images)


def energies_of(dataset: Dataset, frames: np.ndarray | None = None) -> list[float]:
    assert dataset.labels.energy is not None
    chosen = np.asarray(dataset.labels.energy)
    return sorted(np.round(chosen if frames is None else chosen[frames], 6).tolist())


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


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


def test_cells_of_two_sizes_name_each_other(tmp_path: Path) -> None:
    save(tmp_path / "in" / "a.xyz", many(mgo(2), 4) + many(mgo(4), 4))
    found = import_archive(tmp_path / "in", tmp_path / "out")
    small, large = opened(found, "mgo-2x2"), opened(found, "mgo-4x4")
    assert open_partner(small, small.card.partners.extensivity).sha256 == large.sha256
    assert open_partner(large, large.card.partners.extensivity).sha256 == small.sha256
    # One that is not there is not named.
    save(tmp_path / "one" / "a.xyz", many(mgo(2), 4))
    found = import_archive(tmp_path / "one", tmp_path / "alone")
    assert opened(found, "mgo-2x2").card.partners.extensivity == ""


def test_the_level_of_theory(tmp_path: Path) -> None:
    """The paper's, unless somebody says that it is other data; never that of the stand-in."""
    save(tmp_path / "in" / "a.xyz", many(hea(), 4))
    found = import_archive(tmp_path / "in", tmp_path / "out")
    card = opened(found, "hea").card
    assert card.level_of_theory.startswith("EAM (FeNiCrCoCu-with-ZBL")
    assert card.reference_calculator == "ms25_suite.reference.hea.frames:calculator"
    assert "10.5281/zenodo.10901820" in card.citation
    # The reference's curves are of that method, too: they come with it.
    curves = opened(found, "hea").eos()
    assert curves is not None
    assert len(curves.curves) == 20
    assert "nothing in the files says so" in found.datasets[0].notes[0]
    found = import_archive(tmp_path / "in", tmp_path / "o2", level_of_theory="PBE")
    card = opened(found, "hea").card
    assert (card.level_of_theory, card.reference_calculator, card.citation) == ("PBE", None, "")
    assert card.eos is None
    assert not any("nothing in the files" in note for note in found.datasets[0].notes)


def test_frameworks_are_for_testing(tmp_path: Path, shared_data: Path) -> None:
    save(tmp_path / "in" / "a.xyz", many(zeolite(shared_data, "LTA"), 8))
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert [len(part) for part in opened(found, "lta").splits.parts[0]] == [0, 0, 8]
    assert any("transfers to it" in note for note in found.datasets[0].notes)


def test_the_same_archive_gives_the_same_bytes(tmp_path: Path) -> None:
    save(tmp_path / "in" / "a.xyz", many(hea(), 12))
    for name in ("one", "two"):
        import_archive(tmp_path / "in", tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


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
    assert [d.card.name for d in found.datasets] == ["hea.toml", "hea-set2.toml", "hea-set3.toml"]
    for number, name in ((1, "hea"), (2, "hea-set2"), (3, "hea-set3")):
        dataset = opened(found, name)
        for role, part in zip(("train", "valid", "test"), dataset.splits.parts[0], strict=True):
            wanted = energies(images[i] for i in expected[number][role])
            assert energies_of(dataset, part) == wanted
    assert found.datasets[1].split == "the archive's own, set 2: 15/3/12"
    assert "30 different ones" in found.datasets[0].notes[0]


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


def test_outcars_in_an_archive_in_an_archive(tmp_path: Path) -> None:
    """A folder for each calculation; one of them packed."""
    images = many(mgo(2), 6)
    for number, atoms in enumerate(images[:4]):
        path = tmp_path / "in" / "train" / f"{number:04d}" / "OUTCAR"
        path.parent.mkdir(parents=True)
        path.write_text(outcar([atoms]))
    path = tmp_path / "in" / "test" / "all" / "OUTCAR.gz"
    path.parent.mkdir(parents=True)
    with gzip.open(path, "wt") as out:
        out.write(outcar(images[4:]))
    pack(tmp_path / "in", tmp_path / "inner.zip")
    (tmp_path / "outer").mkdir()
    (tmp_path / "inner.zip").rename(tmp_path / "outer" / "vasp.zip")
    found = import_archive(pack(tmp_path / "outer", tmp_path / "o.tar.gz"), tmp_path / "out")
    assert found.left_out == ()
    dataset = opened(found, "mgo-2x2")
    assert energies_of(dataset, dataset.splits.train()) == energies(images[:4])
    assert energies_of(dataset, dataset.splits.test()) == energies(images[4:])
    assert found.datasets[0].files[0] == ("vasp.zip/test/all/OUTCAR.gz", 2)


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


def test_cp2k_trajectories_hold_no_labels_that_ase_reads(tmp_path: Path) -> None:
    """CP2K prints energies in hartree into a comment: nothing is made of that."""
    text = io.StringIO()
    for number, atoms in enumerate(many(water(64), 2)):
        text.write(f"{len(atoms)}\n i = {number}, time = {number}.0, E = -1102.5\n")
        for symbol, place in zip(atoms.get_chemical_symbols(), atoms.positions, strict=True):
            text.write(f"{symbol} {place[0]:.6f} {place[1]:.6f} {place[2]:.6f}\n")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "water-pos-1.xyz").write_text(text.getvalue())
    save(tmp_path / "in" / "hea.xyz", many(hea(), 3))
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert [d.system for d in found.datasets] == ["hea"]
    assert found.left_out[0].name == "water-pos-1.xyz"
    assert found.left_out[0].reason.endswith("the frame has no cell")


def other_keys(images: list[Atoms], energy: str, forces: str) -> list[Atoms]:
    renamed = []
    for atoms in images:
        bare = atoms.copy()
        bare.info[energy] = atoms.get_potential_energy()
        bare.arrays[forces] = atoms.get_forces()
        renamed.append(bare)
    return renamed


def test_keys_that_speak_for_themselves_are_taken_and_said(tmp_path: Path) -> None:
    images = many(hea(), 4)
    named = other_keys(images, "dft_energy", "dft_force")
    named[2].info["dft_stress"] = np.full(6, 0.01)
    save(tmp_path / "a.xyz", named)
    found = import_archive(tmp_path / "a.xyz", tmp_path / "out")
    assert energies_of(opened(found, "hea")) == energies(images)
    assert found.datasets[0].n_stress == 1
    assert any("taken from `dft_energy` and `dft_force`" in n for n in found.datasets[0].notes)


def test_ambiguous_keys_are_not_guessed_but_can_be_named(tmp_path: Path) -> None:
    images = other_keys(many(hea(), 4), "pbe_energy", "pbe_forces")
    for atoms in images:
        atoms.info["eam_energy"] = 1.0
    save(tmp_path / "a.xyz", images)
    with pytest.raises(DatasetError, match=r"no labels.*eam_energy, .*pbe_energy, pbe_forces"):
        import_archive(tmp_path / "a.xyz", tmp_path / "out")
    keys = LabelKeys(energy="pbe_energy", forces="pbe_forces")
    found = import_archive(tmp_path / "a.xyz", tmp_path / "out", keys=keys)
    assert found.datasets[0].n_frames == 4


@pytest.mark.parametrize(
    ("energy", "forces"),
    [
        ("energy_per_atom", "dft_forces"),
        ("energy_hartree", "dft_forces"),
        ("E_kin_energy", "dft_forces"),
        ("dft_energy", "forces_au"),
        ("dft_energy", "dft_gradient"),
    ],
)
def test_energies_of_another_kind_or_unit(tmp_path: Path, energy: str, forces: str) -> None:
    save(tmp_path / "a.xyz", other_keys(many(hea(), 2), energy, forces))
    with pytest.raises(DatasetError, match="no labels"):
        import_archive(tmp_path / "a.xyz", tmp_path / "out")


def test_bad_labels_cost_only_their_frames(tmp_path: Path) -> None:
    images = many(hea(), 8)
    images[1].calc = None
    images[2].calc.results["energy"] = np.nan
    images[5].calc = SinglePointCalculator(images[5], energy=1.0)
    # Labels of another method, it seems.
    other = other_keys([images[6]], "REF_energy", "REF_forces")[0]
    save(tmp_path / "in" / "a.xyz", [*images[:6], other, images[7]])
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert energies_of(opened(found, "hea")) == energies(images[i] for i in (0, 3, 4, 7))
    reasons = {entry.reason.split(":")[0].split(".")[0]: entry.n_frames for entry in found.left_out}
    assert reasons == {
        "no labels": 1,
        "`energy` is not finite in 1 of the frames (the frame)": 1,
        "no forces": 1,
        "labels under other names than energy and forces of the others": 1,
    }


def test_repeated_frames_with_other_energies(tmp_path: Path) -> None:
    images = many(hea(), 5)
    save(tmp_path / "in" / "a.xyz", images)
    for atoms in images:
        atoms.calc.results["energy"] += 3.0
    save(tmp_path / "in" / "b.xyz", images)
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert found.datasets[0].n_frames == 5
    assert "5 repeated frames have another energy" in found.datasets[0].notes[1]
    found = import_archive(tmp_path / "in", tmp_path / "o2", exclude=["a.*"])
    assert energies_of(opened(found, "hea")) == energies(images)


def test_a_name_can_be_assigned(tmp_path: Path) -> None:
    save(tmp_path / "in" / "odd" / "thick.xyz", many(mgo(2, layers=6), 3))
    save(tmp_path / "in" / "hea.xyz", many(hea(), 3))
    found = import_archive(tmp_path / "in", tmp_path / "o1")
    assert [d.system for d in found.datasets] == ["hea"]
    found = import_archive(tmp_path / "in", tmp_path / "o2", assign=[("mgo-2x2", "*THICK*")])
    assert [d.system for d in found.datasets] == ["mgo-2x2", "hea"]
    with pytest.raises(DatasetError, match="--assign says hea, which has other elements"):
        import_archive(tmp_path / "in" / "odd", tmp_path / "o3", assign=[("hea", "*thick*")])


def test_a_file_that_ase_cannot_read_does_not_stop_the_rest(tmp_path: Path) -> None:
    save(tmp_path / "in" / "good.xyz", many(hea(), 4))
    text = (tmp_path / "in" / "good.xyz").read_text()
    (tmp_path / "in" / "cut.xyz").write_text(text[: len(text) // 2 + 300])
    (tmp_path / "in" / "bad.traj").write_bytes(b"- of Ulm" + b"\0" * 50)
    (tmp_path / "in" / "empty.xyz").write_text("")
    (tmp_path / "in" / "notes.txt").write_text("these are notes\n")
    (tmp_path / "in" / "more.7z").write_bytes(b"7z\xbc\xaf\x27\x1c")
    (tmp_path / "in" / "late.tar.gz").write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\0\xff12345")
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert found.datasets[0].n_frames == 4
    reasons = {entry.name: entry.reason for entry in found.left_out}
    assert set(reasons) == {"cut.xyz", "bad.traj", "empty.xyz", "late.tar.gz", "more.7z"}
    assert "unpack it" in reasons["more.7z"]
    assert "cannot be read as extxyz" in reasons["cut.xyz"]
    assert "empty" in reasons["empty.xyz"]
    assert "late.tar.gz is damaged or incomplete" in reasons["late.tar.gz"]
    assert found.documents == ("notes.txt",)


def test_frames_before_a_damaged_one_are_taken(tmp_path: Path) -> None:
    images = many(hea(), 6)
    save(tmp_path / "a.xyz", images)
    lines = (tmp_path / "a.xyz").read_text().splitlines()
    lines[4 * 34 + 7] = "Fe 1.0 nonsense"
    (tmp_path / "a.xyz").write_text("\n".join(lines) + "\n")
    found = import_archive(tmp_path / "a.xyz", tmp_path / "out")
    assert energies_of(opened(found, "hea")) == energies(images[:4])
    assert found.left_out[0].reason.endswith("; the 4 frames before it were taken")


@pytest.mark.parametrize("kind", ["in.zip", "in.tar.gz", "in.tar.xz", "in.tar"])
def test_a_truncated_archive(tmp_path: Path, kind: str) -> None:
    save(tmp_path / "in" / "a.xyz", many(hea(), 20))
    save(tmp_path / "in" / "b.xyz", many(zro(), 20))
    archive = pack(tmp_path / "in", tmp_path / kind) if kind != "in.tar" else tmp_path / kind
    if kind == "in.tar":
        with tarfile.open(archive, "w") as out:
            for path in sorted((tmp_path / "in").iterdir()):
                out.add(path, path.name)
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(DatasetError, match=f"{kind} is damaged or incomplete.*Get it again"):
        import_archive(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("name", ["../../evil.xyz", "/etc/evil.xyz", "a\\..\\..\\evil.xyz", "C:/x"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_lead_out_of_the_archive(tmp_path: Path, name: str, kind: str) -> None:
    archive = tmp_path / f"in.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as out:
            out.writestr("good.txt", "x")
            out.writestr(zipfile.ZipInfo(name), "x")
    else:
        with tarfile.open(archive, "w") as out:
            out.addfile(tarfile.TarInfo(name))
    with pytest.raises(DatasetError, match=r"leads out of the folder.*Nothing was written"):
        import_archive(archive, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == [archive.name]


def test_links_and_encrypted_files_are_left_out(tmp_path: Path) -> None:
    save(tmp_path / "hea.xyz", many(hea(), 3))
    with tarfile.open(tmp_path / "in.tar", "w") as out:
        out.add(tmp_path / "hea.xyz", "hea.xyz")
        link = tarfile.TarInfo("secret.xyz")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        out.addfile(link)
    found = import_archive(tmp_path / "in.tar", tmp_path / "out")
    assert [(e.name, e.reason) for e in found.left_out] == [("secret.xyz", "a link or device")]
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as out:
        out.write(tmp_path / "hea.xyz", "hea.xyz")
        info = zipfile.ZipInfo("secret.xyz")
        info.external_attr = 0o120777 << 16
        out.writestr(info, "/etc/passwd")
    found = import_archive(tmp_path / "in.zip", tmp_path / "o2")
    assert [(e.name, e.reason) for e in found.left_out] == [("secret.xyz", "a link")]


def test_nothing_that_is_known(tmp_path: Path) -> None:
    save(tmp_path / "in" / "a.xyz", many(Atoms("Cu", cell=[3] * 3, pbc=True), 3))
    with pytest.raises(DatasetError, match=r"no frames of a system of the paper.*Cu: no system"):
        import_archive(tmp_path / "in", tmp_path / "out")
    with pytest.raises(DatasetError, match="there is no file or folder"):
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
