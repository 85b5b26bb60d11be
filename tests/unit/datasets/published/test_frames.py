from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.cards.card import LabelKeys
from ms25_suite.datasets.published.importer import import_archive
from tests.helpers.published_archives import energies, energies_of, opened, save
from tests.helpers.published_samples import (
    hea,
    many,
    water,
)


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
    images = other_keys(many(hea(), 4), "lda2_energy", "lda2_forces")
    for atoms in images:
        atoms.info["eam_energy"] = 1.0
    save(tmp_path / "a.xyz", images)
    with pytest.raises(DatasetError, match=r"no labels.*eam_energy, .*lda2_energy, lda2_forces"):
        import_archive(tmp_path / "a.xyz", tmp_path / "out")
    keys = LabelKeys(energy="lda2_energy", forces="lda2_forces")
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
    with pytest.raises(DatasetError, match=r"no (labels|energy|forces)"):
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
        "no energy": 1,
        "no forces": 1,
        "labels under other names than energy and forces of the others": 1,
    }
