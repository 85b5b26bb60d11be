from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from ase.io import read

from ms25_suite.core.frames import Frames
from ms25_suite.training.files import evenly, read_arrays, write_arrays, write_extxyz
from tests.helpers.fake_training import part


def test_frames_are_evenly_spaced() -> None:
    frames, labels = evenly(part(10), 4)
    assert labels.energy is not None
    assert (
        labels.energy.tolist()
        == part(10)[1].select([0, 2, 5, 7], part(10)[0].offsets).energy.tolist()
    )
    assert frames.content_hash() == part(10)[0].select([0, 2, 5, 7]).content_hash()
    assert len(evenly(part(3), 4)[0]) == 3


@pytest.mark.parametrize("stress", [True, False])
def test_arrays_are_read_as_they_were_written(tmp_path: Path, stress: bool) -> None:
    frames, labels = part(3, stress=stress)
    write_arrays(tmp_path / "part.npz", (frames, labels))
    read_frames, read_labels = read_arrays(tmp_path / "part.npz")
    assert read_frames.content_hash() == frames.content_hash()
    np.testing.assert_array_equal(read_labels.forces, labels.forces)
    assert (read_labels.stress is None) == (not stress)


def test_inputs_are_kept_in_both_formats(tmp_path: Path) -> None:
    frames, labels = part(3)
    images = [frames.atoms(index) for index in range(3)]
    images[1].info.update(charge=-1, head="pbe")
    images[2].set_initial_magnetic_moments(np.ones(len(images[2])))
    frames = Frames.from_atoms(images)
    write_arrays(tmp_path / "part.npz", (frames, labels))
    assert read_arrays(tmp_path / "part.npz")[0].content_hash() == frames.content_hash()
    write_extxyz(tmp_path / "part.extxyz", (frames, labels))
    again = Frames.from_atoms(read(tmp_path / "part.extxyz", ":"))
    assert again.fingerprints() == frames.fingerprints()
    # The keys that MACE's training reads.
    assert read(tmp_path / "part.extxyz", "1").info["total_charge"] == -1


def test_a_missing_stress_is_left_out_or_nan(tmp_path: Path) -> None:
    frames, labels = part(2)
    stress = np.array(labels.stress)
    stress[0] = np.nan
    some = (frames, dataclasses.replace(labels, stress=stress))
    path = tmp_path / "frames.extxyz"
    write_extxyz(path, some)
    assert ["REF_stress" in atoms.info for atoms in read(path, ":")] == [False, True]
    write_extxyz(path, some, absent_stress=np.nan)
    first, second = read(path, ":")
    assert np.isnan(first.info["REF_stress"]).all()
    assert second.info["REF_stress"] == pytest.approx(stress[1], abs=1e-15)
    assert second.info["REF_energy"] == pytest.approx(labels.energy[1], abs=1e-15)


def test_labels_are_required(tmp_path: Path) -> None:
    frames, labels = part(2)
    with pytest.raises(ValueError, match="expected labels with energies and forces"):
        write_extxyz(tmp_path / "x", (frames, dataclasses.replace(labels, forces=None)))
    assert list(tmp_path.iterdir()) == []
