"""The import of an archive in the published layout, frame by frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

from ms25_suite.datasets.dataset import Dataset
from ms25_suite.datasets.published.importer import ArchiveImport, import_archive
from tests.helpers.published_archives import opened, pack
from tests.helpers.published_layout import (
    FOLDERS,
    FRAMEWORKS,
    System,
    built_in,
    divided,
    of_cp2k,
    write_layout,
    write_system,
)

EXACT = 1e-9


def positions_key(atoms: Atoms) -> bytes:
    return np.round(atoms.positions, 5).tobytes()


def assert_same(dataset: Dataset, system: System, *, forces: bool, stress: bool) -> None:
    """Every label of every frame is the written one, and so is the part of every frame."""
    frames, labels = dataset.frames, dataset.labels
    rows = {
        np.round(np.array(frames.select([index]).positions), 5).tobytes(): index
        for index in range(len(frames))
    }
    used = sorted({i for parts in system.sets for part in parts.values() for i in part})
    written = used or range(len(system.frames))
    assert len(rows) == len(written)
    index = {i: rows[positions_key(system.frames[i])] for i in written}
    for i, row in index.items():
        image = system.frames[i]
        _, own = dataset.part([row])
        np.testing.assert_allclose(own.energy[0], image.get_potential_energy(), rtol=EXACT, atol=0)
        if forces:
            np.testing.assert_allclose(own.forces, image.get_forces(), rtol=EXACT, atol=1e-14)
        if stress:
            np.testing.assert_allclose(own.stress[0], image.get_stress(), rtol=EXACT, atol=1e-14)
    assert (labels.forces is not None) == forces
    if not stress:
        assert labels.stress is None
    for parts, found in zip(system.sets, dataset.splits.parts, strict=bool(system.sets)):
        for role, part in zip(("train", "validation", "test"), found, strict=True):
            assert sorted(part.tolist()) == sorted(index[i] for i in parts[role])


def notes_of(found: ArchiveImport, name: str) -> str:
    return "\n".join(next(d.notes for d in found.datasets if d.system == name))


@pytest.mark.parametrize("packing", ["folder", "in.zip", "in.tar.gz"])
def test_the_whole_layout(tmp_path: Path, packing: str) -> None:
    source = tmp_path / "in"
    systems = FOLDERS if packing == "folder" else {"HEA": "hea", "CHA": "cha"}
    written = write_layout(source, systems, n_frames=9, n_train=5, n_validation=2, n_sets=2)
    if packing != "folder":
        source = pack(source, tmp_path / packing)
    found = import_archive(source, tmp_path / "out")
    assert {d.system for d in found.datasets} == set(systems.values())
    assert found.left_out == ()
    assert found.refused == ()
    for name, system in written.items():
        of_vasp = system.frames[0].calc.results.get("stress") is not None
        cp2k = name in ("water-64", "water-192", "cha")
        dataset = opened(found, name)
        assert_same(dataset, system, forces=True, stress=of_vasp and not cp2k)
        text = notes_of(found, name)
        assert ("hartree" in text) == cp2k
        # train-7 is train and val together.
        assert "train-7.traj (7) holds the 2 validation frames too" in text
    if "reaction" not in written:
        return
    path = opened(found, "reaction").neb()
    images = written["reaction"].path
    assert path is not None
    assert len(path.frames) == len(images)
    for index, image in enumerate(images):
        np.testing.assert_allclose(
            path.labels.energy[index], image.get_potential_energy(), rtol=EXACT, atol=0
        )
    assert path.fixed.sum() == 32


@pytest.mark.parametrize("forces", ["calculator", "forces", "frc", "xvec", None])
def test_where_the_forces_of_cp2k_are(tmp_path: Path, forces: str | None) -> None:
    systems = {"CHA": "cha", "HEA": "hea"}
    written = write_layout(
        tmp_path / "in", systems, n_frames=12, n_train=5, n_validation=2, forces=forces
    )
    found = import_archive(tmp_path / "in", tmp_path / "out")
    if forces == "xvec":
        # A name that says nothing: never a guess.
        assert found.refused == ("cha",)
        assert any("could it be `xvec`" in entry.reason for entry in found.left_out)
        return
    assert_same(opened(found, "cha"), written["cha"], forces=forces is not None, stress=False)
    if forces is None:
        assert "no frame has forces: energies only" in notes_of(found, "cha")
        assert opened(found, "cha").card.labels.waived == {"forces"}


def test_frameworks_under_odd_names(tmp_path: Path) -> None:
    systems = {"CHA": "cha", **FRAMEWORKS}
    written = write_layout(tmp_path / "in", systems, n_frames=8, n_train=3, n_validation=1)
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert opened(found, "cha").card.partners.transfer == (
        *("fau.toml", "lta.toml", "mfi.toml", "bea.toml"),
    )
    for name in FRAMEWORKS.values():
        dataset = opened(found, name)
        assert_same(dataset, written[name], forces=True, stress=False)
        assert [len(part) for part in dataset.splits.parts[0]] == [0, 0, 8]


@pytest.mark.parametrize("place", ["set-{}/BEA", "Set {}/*Beta, polymorph A", "CHA/set{}/BEA"])
def test_a_framework_inside_the_folders_of_sets(tmp_path: Path, place: str) -> None:
    chabazite = System(built_in("cha", 8), [divided(8, 3, 1, seed) for seed in range(2)])
    write_system(tmp_path / "in" / "CHA", chabazite, forces="frc")
    beta = System(built_in("bea", 6), [divided(6, 0, 0, seed) for seed in range(2)])
    beta.sets = [{**parts, "test": parts["test"][:4]} for parts in beta.sets]
    for number, parts in enumerate(beta.sets, start=1):
        folder = tmp_path / "in" / place.format(number)
        folder.mkdir(parents=True)
        write(folder / "test.traj", list(of_cp2k([beta.frames[i] for i in parts["test"]], "frc")))
    found = import_archive(tmp_path / "in", tmp_path / "out")
    assert opened(found, "cha").card.partners.transfer == ("bea.toml",)
    assert_same(opened(found, "cha"), chabazite, forces=True, stress=False)
    assert_same(opened(found, "bea"), beta, forces=True, stress=False)
