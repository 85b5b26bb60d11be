from __future__ import annotations

import gzip
import lzma
import shutil
from pathlib import Path
from typing import Any

import ase.db
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import CardError, DatasetError, LabelError
from ms25_suite.datasets import Dataset
from ms25_suite.datasets.dataset import open_dataset, open_partner
from ms25_suite.datasets.registry import builtin_card, own_datasets


def make_frames(n: int, seed: int = 0) -> list[Atoms]:
    rng = np.random.default_rng(seed)
    images = []
    for _ in range(n):
        atoms = bulk("NaCl", "rocksalt", a=5.6)
        atoms.rattle(0.1, rng=rng)
        atoms.info["REF_energy"] = float(rng.normal(-7.0, 0.1))
        force = rng.normal(size=3)
        atoms.arrays["REF_forces"] = np.array([force, -force])
        atoms.info["REF_stress"] = rng.normal(0.0, 0.01, 6)
        images.append(atoms)
    return images


@pytest.fixture
def images() -> list[Atoms]:
    return make_frames(12)


def check_same(dataset: Dataset, images: list[Atoms]) -> None:
    """Files of extended XYZ hold 8 decimals of positions and forces."""
    assert len(dataset) == len(dataset.frames) == len(images)
    labels = dataset.labels
    assert labels.energy is not None
    assert labels.forces is not None
    assert labels.stress is not None
    np.testing.assert_allclose(labels.energy, [a.info["REF_energy"] for a in images], atol=1e-8)
    stress = [a.info["REF_stress"] for a in images]
    np.testing.assert_allclose(labels.stress, stress, rtol=0, atol=1e-8)
    forces = np.concatenate([a.arrays["REF_forces"] for a in images])
    np.testing.assert_allclose(labels.forces, forces, rtol=0, atol=1e-8)
    positions = np.concatenate([a.positions for a in images])
    np.testing.assert_allclose(dataset.frames.positions, positions, rtol=0, atol=1e-8)
    cells = [a.cell.array for a in images]
    np.testing.assert_allclose(dataset.frames.cells, cells, rtol=0, atol=1e-8)
    assert dataset.frames.numbers.tolist() == [11, 17] * len(images)
    assert dataset.frames.pbc.all()


def with_calculators(images: list[Atoms]) -> list[Atoms]:
    result = []
    for image in images:
        atoms = image.copy()
        stress = atoms.info.pop("REF_stress")
        forces = atoms.arrays.pop("REF_forces")
        energy = atoms.info.pop("REF_energy")
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces, stress=stress)
        result.append(atoms)
    return result


@pytest.mark.parametrize("name", ["x.extxyz", "x.xyz"])
def test_extended_xyz(tmp_path: Path, images: list[Atoms], name: str) -> None:
    write(tmp_path / name, images, format="extxyz")
    dataset = open_dataset(str(tmp_path / name))
    check_same(dataset, images)
    assert dataset.name == dataset.card.name == "x"
    assert dataset.tier == "user"
    assert dataset.card.elements == ("Na", "Cl")
    assert dataset.card.level_of_theory == "not stated"
    assert dataset.sha256 == file_sha256(tmp_path / name)
    assert dataset.sources == (tmp_path / name,)
    assert dataset.label_keys["stress"] == "REF_stress"
    assert [finding.code for finding in dataset.findings] == ["no-level-of-theory"]


@pytest.mark.parametrize("suffix", [".xz", ".gz"])
def test_compressed(tmp_path: Path, images: list[Atoms], suffix: str) -> None:
    write(tmp_path / "x.extxyz", images)
    packed = tmp_path / f"x.extxyz{suffix}"
    open_packed: Any = lzma.open if suffix == ".xz" else gzip.open
    with open_packed(packed, "wb") as file:
        file.write((tmp_path / "x.extxyz").read_bytes())
    dataset = open_dataset(str(packed))
    check_same(dataset, images)
    assert dataset.name == "x"


def test_trajectory(tmp_path: Path, images: list[Atoms]) -> None:
    write(tmp_path / "x.traj", with_calculators(images))
    check_same(open_dataset(str(tmp_path / "x.traj")), images)


def test_database_with_results(tmp_path: Path, images: list[Atoms]) -> None:
    with ase.db.connect(tmp_path / "x.db") as database:
        for atoms in with_calculators(images):
            database.write(atoms)
    check_same(open_dataset(str(tmp_path / "x.db")), images)


def test_database_with_keys_and_data(tmp_path: Path, images: list[Atoms]) -> None:
    with ase.db.connect(tmp_path / "x.db") as database:
        for image in images:
            bare = Atoms(image.numbers, image.positions, cell=image.cell, pbc=True)
            data = {
                "REF_forces": image.arrays["REF_forces"],
                "REF_stress": image.info["REF_stress"],
            }
            pairs = {"REF_energy": image.info["REF_energy"], "split": "test"}
            database.write(bare, key_value_pairs=pairs, data=data)
    dataset = open_dataset(str(tmp_path / "x.db"))
    check_same(dataset, images)
    assert "info key" in dataset.splits.origin


def test_several_files_and_a_folder(tmp_path: Path, images: list[Atoms]) -> None:
    write(tmp_path / "a.extxyz", images[:5])
    write(tmp_path / "b.extxyz", images[5:])
    (tmp_path / "README.txt").write_text("not data")
    joined = open_dataset(f"{tmp_path / 'a.extxyz'}, {tmp_path / 'b.extxyz'}")
    check_same(joined, images)
    assert joined.name == "a+b"
    folder = open_dataset(str(tmp_path))
    check_same(folder, images)
    assert folder.name == tmp_path.name
    assert folder.sha256 == joined.sha256
    reverse = open_dataset(f"{tmp_path / 'b.extxyz'},{tmp_path / 'a.extxyz'}")
    assert reverse.sha256 != joined.sha256


def test_frames_of_different_size_and_a_molecule(tmp_path: Path) -> None:
    images = make_frames(2)
    molecule = Atoms("H2O", positions=[[0, 0, 0], [0.8, 0.6, 0], [-0.8, 0.6, 0]])
    molecule.info["REF_energy"] = -14.0
    molecule.arrays["REF_forces"] = np.zeros((3, 3))
    write(tmp_path / "x.extxyz", [images[0], molecule, images[1]])
    dataset = open_dataset(str(tmp_path / "x.extxyz"))
    assert dataset.frames.offsets.tolist() == [0, 2, 5, 7]
    assert dataset.labels.has_stress is not None
    assert dataset.labels.has_stress.tolist() == [True, False, True]
    frames, labels = dataset.part([2, 1])
    assert frames.n_atoms.tolist() == [2, 3]
    np.testing.assert_array_equal(labels.energy, [images[1].info["REF_energy"], -14.0])
    assert "mixed-periodicity" in [finding.code for finding in dataset.findings]


def test_a_card_and_a_card_beside_the_file(tmp_path: Path, images: list[Atoms]) -> None:
    write(tmp_path / "x.extxyz", images)
    (tmp_path / "x.toml").write_text(
        'name = "salt"\nlevel_of_theory = "PBE"\nthreshold_class = "complex"\n'
        "[splits]\ntrain = 4\nvalidation = 2\n"
        '[thresholds.energy]\nvalue = 1.0\nunit = "meV/atom"\n'
    )
    for spec in ("x.extxyz", "x.toml"):
        dataset = open_dataset(str(tmp_path / spec))
        check_same(dataset, images)
        assert dataset.name == "salt"
        assert dataset.card.threshold_class == "complex"
        assert dataset.card.thresholds["energy"]["value"] == 1.0
        assert len(dataset.splits.train()) == 4
        assert len(dataset.splits.test()) == 6
        assert dataset.findings == ()


def test_a_card_with_label_keys(tmp_path: Path, images: list[Atoms]) -> None:
    for atoms in images:
        atoms.info["E"] = atoms.info["REF_energy"] + 1.0
    write(tmp_path / "x.extxyz", images)
    path = str(tmp_path / "x.extxyz")
    before = open_dataset(path).labels.energy
    (tmp_path / "x.toml").write_text('[labels]\nenergy = "E"\nunits = { energy = "eV" }\n')
    after = open_dataset(path).labels.energy
    assert before is not None
    assert after is not None
    np.testing.assert_allclose(after, before + 1.0)


def test_a_card_in_a_folder(tmp_path: Path, images: list[Atoms]) -> None:
    write(tmp_path / "a.extxyz", images)
    (tmp_path / "card.toml").write_text('level_of_theory = "PBE"')
    assert open_dataset(str(tmp_path)).card.level_of_theory == "PBE"


@pytest.mark.parametrize("with_card", [True, False])
def test_files_by_role(tmp_path: Path, images: list[Atoms], with_card: bool) -> None:
    write(tmp_path / "train.extxyz", images[:7])
    write(tmp_path / "valid.extxyz", images[7:9])
    write(tmp_path / "test.extxyz", images[9:])
    if with_card:
        (tmp_path / "card.toml").write_text(
            '[splits]\ntrain = ["train.extxyz"]\nvalidation = "valid.extxyz"\n'
            'test = "test.extxyz"\n'
        )
    dataset = open_dataset(str(tmp_path))
    check_same(dataset, images)
    assert sorted(dataset.splits.train().tolist()) == list(range(7))
    assert dataset.splits.validation().tolist() == [7, 8]
    assert dataset.splits.test().tolist() == [9, 10, 11]
    assert dataset.splits.origin == "one file for each role"


def test_roles_in_the_frames(tmp_path: Path, images: list[Atoms]) -> None:
    for index, atoms in enumerate(images):
        atoms.info["split"] = ("train", "valid", "Test")[index % 3]
    write(tmp_path / "x.extxyz", images)
    splits = open_dataset(str(tmp_path / "x.extxyz")).splits
    assert sorted(splits.train().tolist()) == [0, 3, 6, 9]
    assert splits.validation().tolist() == [1, 4, 7, 10]
    assert splits.test().tolist() == [2, 5, 8, 11]


def test_overlap_of_training_and_test(tmp_path: Path, images: list[Atoms]) -> None:
    write(tmp_path / "train.extxyz", images[:7])
    write(tmp_path / "test.extxyz", images[6:])
    findings = {finding.code: finding for finding in open_dataset(str(tmp_path)).findings}
    # Files are read in the order train, test: the copy of frame 6 is frame 7.
    assert findings["train-test-overlap"].frames == (7,)
    assert findings["duplicate-frames"].frames == (7,)
    assert findings["train-test-overlap"].severity == "warning"


def test_checksums(tmp_path: Path, images: list[Atoms]) -> None:
    write(tmp_path / "x.extxyz", images)
    right = file_sha256(tmp_path / "x.extxyz")
    card = tmp_path / "x.toml"
    card.write_text(f'[[files]]\npath = "x.extxyz"\nsha256 = "{right}"\n')
    assert open_dataset(str(card)).sha256 == right
    card.write_text(f'[[files]]\npath = "x.extxyz"\nsha256 = "{"0" * 64}"\n')
    with pytest.raises(CardError, match=f"expected sha256 {'0' * 64}, found {right}"):
        open_dataset(str(card))


def test_files_that_are_no_datasets(tmp_path: Path, images: list[Atoms]) -> None:
    def refused(name: str, content: bytes, match: str) -> None:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(DatasetError, match=match):
            open_dataset(str(path))

    refused("empty.extxyz", b"", "is empty")
    refused("empty.extxyz.xz", lzma.compress(b""), "holds no frames")
    refused("bad.extxyz", b"not a number\n\n", "line 1 should be the number of atoms of frame 0")
    refused("short.extxyz", b"2\n\nH 0 0 0\n", "cannot be read as extxyz")
    refused("bad.extxyz.xz", b"not xz at all", "is truncated or damaged .LZMAError")
    refused("bad.traj", b"nothing like it", "cannot be read as traj")
    refused("x.pdf", b"%PDF", r"the extension '.pdf' is not that of a dataset; expected .extxyz")
    refused("noext", b"2", r"the extension '\(none\)'")
    refused("bad.db", b"this is not a database of sqlite", "cannot be read as db")
    write(tmp_path / "whole.extxyz", images)
    cut = (tmp_path / "whole.extxyz").read_bytes()[:-60]
    refused("cut.extxyz", cut, "cannot be read as extxyz")


def test_broken_structures(tmp_path: Path) -> None:
    def refused(atoms: Atoms, match: str) -> None:
        write(tmp_path / "x.extxyz", [*make_frames(1), atoms])
        with pytest.raises(DatasetError, match=match):
            open_dataset(str(tmp_path / "x.extxyz"))

    atoms = make_frames(1)[0]
    atoms.positions[1, 2] = np.nan
    refused(atoms, "positions or cells of frame 1 are not finite")
    atoms = make_frames(1)[0]
    atoms.cell[2] = 0.0
    refused(atoms, "frame 1 should be periodic")


def test_no_labels(tmp_path: Path) -> None:
    write(tmp_path / "x.extxyz", bulk("Cu"))
    with pytest.raises(LabelError, match=r"x\.extxyz: no labels"):
        open_dataset(str(tmp_path / "x.extxyz"))


@pytest.mark.parametrize("name", own_datasets())
def test_built_in_datasets_open(name: str) -> None:
    dataset = open_dataset(name)
    card = builtin_card(name)
    assert card is not None
    assert dataset.tier == "mini"
    assert dataset.card.name == name
    # Cells as small as the paper's are on purpose; nothing else is to be remarked.
    assert [(f.severity, f.code) for f in dataset.findings] in ([], [("note", "small-cells")])
    splits = dataset.splits
    for number in range(1, splits.n_sets + 1):
        parts: tuple[np.ndarray, ...] = (splits.test(number),)
        if splits.train_sizes:
            parts += (splits.train(set=number), splits.validation(number))
        assert len(np.unique(np.concatenate(parts))) == sum(map(len, parts))
    assert dataset.labels.has_stress is not None
    assert dataset.labels.has_stress.all()
    assert all(file.sha256 is not None for file in card.files)


def test_real_mgo(shared_data: Path) -> None:
    """Plain keys of a real DFT data set; numbers of its first frame are those in the file."""
    dataset = open_dataset(str(shared_data / "pypolymlp-MgO-1000.extxyz.xz"))
    assert len(dataset) == 1000
    labels = dataset.labels
    assert labels.energy is not None
    assert labels.forces is not None
    assert labels.stress is not None
    assert labels.energy[0] == -381.0917812
    np.testing.assert_array_equal(labels.forces[0], [0.00192874, -0.00487429, -0.00563339])
    expected = [
        -0.000333925331985471,
        -0.0003431744808044075,
        -0.00041622866127394694,
        -1.522734e-05,
        4.609995e-05,
        1.006368e-05,
    ]
    np.testing.assert_allclose(labels.stress[0], expected, rtol=0, atol=2e-10)
    # 285 frames are strongly distorted, on purpose.
    assert [(finding.severity, finding.code) for finding in dataset.findings] == [
        ("note", "no-level-of-theory"),
        ("note", "force-outliers"),
    ]


def test_real_zirconia(shared_data: Path, tmp_path: Path) -> None:
    shutil.copy(shared_data / "amlt-ZrO2-relax-29.extxyz", tmp_path / "zro2.extxyz")
    (tmp_path / "zro2.toml").write_text('level_of_theory = "PBE"')
    dataset = open_dataset(str(tmp_path / "zro2.extxyz"))
    assert len(dataset) == 29
    assert dataset.frames.n_atoms.tolist() == [12] * 29
    assert dataset.labels.energy is not None
    assert dataset.labels.energy[0] == -114.47478986
    assert dataset.findings == ()


@pytest.mark.parametrize("word", ["hot", -5.0, 0, True, [1.0, 2.0]])
def test_temperatures_are_those_of_the_file_as_far_as_it_says(
    tmp_path: Path, images: list[Atoms], word: object
) -> None:
    images[0].info["temperature_K"] = 600
    images[1].info["temperature_K"] = word
    # Whose unit nobody knows.
    images[2].info["temperature"] = 27.0
    write(tmp_path / "x.extxyz", images[:3])
    temperatures = open_dataset(str(tmp_path / "x.extxyz")).temperatures
    np.testing.assert_array_equal(temperatures, [600.0, np.nan, np.nan])


def _write(folder: Path, name: str, images: list[Atoms], card: str = "") -> str:
    write(folder / f"{name}.extxyz", images)
    (folder / f"{name}.toml").write_text(card)
    return str(folder / f"{name}.toml")


def test_a_path_starts_from_the_folder_of_the_card(
    tmp_path: Path, cuni_images: list[Atoms]
) -> None:
    (tmp_path / "other").mkdir()
    _write(tmp_path / "other", "large", [atoms * (2, 1, 1) for atoms in _plain(cuni_images)])
    own = open_dataset(_write(tmp_path, "small", cuni_images))
    assert open_partner(own, "other/large.extxyz").name == "large"
    assert open_partner(own, str(tmp_path / "other" / "large.toml")).name == "large"


def _plain(images: list[Atoms]) -> list[Atoms]:
    images = [atoms.copy() for atoms in images]
    for index, atoms in enumerate(images):
        atoms.info["REF_energy"] = float(index)
        del atoms.info["REF_stress"]
    return images


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent.extxyz", "names 'absent.extxyz', which cannot be opened: there is no file"),
        ("fau", "names 'fau', which also holds Si O: a potential trained on Ni Cu alone"),
        ("small.extxyz", "which is the same dataset or name"),
        ("again/small.extxyz", "which is the same dataset or name"),
    ],
)
def test_a_partner_that_cannot_be_one_says_why(
    tmp_path: Path, cuni_images: list[Atoms], name: str, message: str
) -> None:
    (tmp_path / "again").mkdir()
    _write(tmp_path / "again", "small", cuni_images[:5])
    own = open_dataset(_write(tmp_path, "small", cuni_images))
    with pytest.raises(DatasetError, match=message):
        open_partner(own, name)


def with_isolated_atoms(images: list[Atoms]) -> list[Atoms]:
    alone = [
        Atoms("Na", info={"REF_energy": -1.0, "config_type": "IsolatedAtom"}),
        Atoms("Cl", info={"REF_energy": -2.0}, cell=[15.0] * 3, pbc=True),
        # Another spin state, and an ion.
        Atoms("Cl", info={"REF_energy": -1.5, "config_type": "isolated_atom"}),
        Atoms("Cl", info={"REF_energy": -5.0, "config_type": "isolated_atom", "charge": -1}),
    ]
    for index, atoms in enumerate(images):
        atoms.info["config_type"] = "bulk" if index % 2 else "slab"
    return [*alone[:2], *images[:3], *alone[2:], *images[3:]]


def test_isolated_atoms_are_references_and_no_frames(tmp_path: Path, images: list[Atoms]) -> None:
    write(tmp_path / "x.extxyz", with_isolated_atoms(images))
    for _ in range(2):  # the second time from the store
        dataset = open_dataset(str(tmp_path / "x.extxyz"))
        check_same(dataset, images)
        assert dataset.atom_energies == {11: -1.0, 17: -2.0}
        assert dataset.config_types.tolist() == ["slab", "bulk"] * 6
        assert dataset.splits.test().tolist() == list(range(12))
    codes = {finding.code: finding for finding in dataset.findings}
    assert set(codes) == {"atom-references", "no-level-of-theory"}
    message = codes["atom-references"].message
    assert "4 frames are isolated atoms (frames 0, 1, 5, 6 of the files" in message
    assert "Na -1 eV, Cl -2 eV" in message
    (answer,) = (answer for answer in dataset.audit if answer.code == "atom-energies")
    assert "relative to them the frames have" in answer.text


def test_frames_are_counted_without_isolated_atoms(tmp_path: Path, images: list[Atoms]) -> None:
    images[3].info["REF_energy"] = np.nan
    write(tmp_path / "x.extxyz", with_isolated_atoms(images))
    findings = open_dataset(str(tmp_path / "x.extxyz")).findings
    (finding,) = (finding for finding in findings if finding.code == "some-energy")
    assert finding.frames == (3,)
    assert "missing on frame 3 (1 of them as NaN)" in finding.message


def test_frames_that_are_not_bound_by_their_atoms(tmp_path: Path, images: list[Atoms]) -> None:
    images = with_isolated_atoms(images)
    images[0].info["REF_energy"] = images[1].info["REF_energy"] = -100.0
    write(tmp_path / "x.extxyz", images)
    findings = open_dataset(str(tmp_path / "x.extxyz")).findings
    (finding,) = (finding for finding in findings if finding.code == "not-bound")
    assert "they are not bound" in finding.message


def test_a_file_of_isolated_atoms_alone(tmp_path: Path) -> None:
    write(tmp_path / "x.extxyz", [Atoms("Cu", info={"REF_energy": 1.0})])
    with pytest.raises(DatasetError, match="all 1 frames are isolated atoms"):
        open_dataset(str(tmp_path / "x.extxyz"))


def test_labels_on_some_frames_are_counted(tmp_path: Path, images: list[Atoms]) -> None:
    images[1].info["REF_energy"] = np.nan
    images[2].arrays["REF_forces"][0, 0] = np.nan
    for index in (3, 4, 5):
        images[index].info["REF_stress"] = np.full(6, np.nan)
    write(tmp_path / "x.extxyz", images)
    dataset = open_dataset(str(tmp_path / "x.extxyz"))
    (answer,) = (answer for answer in dataset.audit if answer.code == "labels")
    assert answer.text == (
        "energy from `REF_energy` on 11 of 12 frames; forces from `REF_forces` on 11 of 12 frames; "
        "stress from `REF_stress` on 9 of 12 frames"
    )
    assert dataset.labels.complete(dataset.frames.offsets).sum() == 10


def test_audits_name_frames_as_the_dataset_does(tmp_path: Path) -> None:
    images = make_frames(40)
    images[2].info["REF_energy"] = images[5].info["REF_energy"] = np.nan
    images[7].info["REF_energy"] += 100.0
    write(tmp_path / "x.extxyz", images)
    findings = open_dataset(str(tmp_path / "x.extxyz")).findings
    (finding,) = (finding for finding in findings if finding.code == "energy-outliers")
    assert finding.frames == (7,)
    assert "frame 7)" in finding.message


def test_unread_labels_are_kept(tmp_path: Path, images: list[Atoms]) -> None:
    for atoms in images:
        atoms.arrays["my_forces"] = atoms.arrays.pop("REF_forces")
    write(tmp_path / "x.extxyz", images)
    for _ in range(2):
        dataset = open_dataset(str(tmp_path / "x.extxyz"))
        assert dataset.unread_labels == {"forces": ("my_forces",)}


def test_hidden_files_of_a_folder_are_no_data(tmp_path: Path, images: list[Atoms]) -> None:
    write(tmp_path / "x.extxyz", images)
    (tmp_path / "._x.extxyz").write_bytes(b"\0\5\x16\7\xff")
    check_same(open_dataset(str(tmp_path)), images)


def test_training_frames_of_a_folder_are_not_judged_by(tmp_path: Path) -> None:
    write(tmp_path / "train.extxyz", make_frames(6, seed=1))
    write(tmp_path / "valid.extxyz", make_frames(4, seed=2))
    dataset = open_dataset(str(tmp_path))
    assert [len(part) for part in dataset.splits.parts[0]] == [6, 0, 4]
    (finding,) = (found for found in dataset.findings if found.code == "validation-as-test")
    assert "the 4 validation frames are judged by" in finding.message
