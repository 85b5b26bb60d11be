"""The jobs of the Zr-O data with cheap calculators: reproducible, and every drop is counted."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.errors import ReferenceCalculatorError, UsageError
from ms25_suite.core.fields import REF_ENERGY, REF_FORCES, REF_STRESS
from ms25_suite.reference.zro import trajectories
from ms25_suite.reference.zro.frames import calculator
from ms25_suite.reference.zro.selection import REASONS, dropped
from ms25_suite.reference.zro.trajectories import SeedJob, SeedSampling, ZroSampling
from tests.helpers.zro_fakes import (
    SAMPLING,
    Approximate,
    Impossible,
    exploration,
    fussy,
    lennard_jones,
)


def test_jobs_can_be_sent_to_another_process() -> None:
    seed = SeedJob(0, 25, SAMPLING.structures, SAMPLING.seeds, calculator)
    for job in (seed, exploration()):
        assert pickle.loads(pickle.dumps(job)) == job


def test_frames_are_of_all_kinds_and_say_where_they_are_from() -> None:
    images = exploration().frames()
    kinds = [atoms.info["config_type"] for atoms in images]
    assert kinds == ["random", "md", "md", "md", "random", "contour", "contour", "contour"]
    numbers = [atoms.info["trajectory"] for atoms in images]
    assert numbers == sorted(numbers)
    assert 3000 <= numbers[0] <= numbers[-1] < 4000
    of_kind = {
        kind: {atoms.info["trajectory"] for atoms in images if atoms.info["config_type"] == kind}
        for kind in set(kinds)
    }
    assert not of_kind["md"] & of_kind["contour"] | of_kind["random"] & of_kind["md"]
    keys = {"random": "relaxation_steps", "md": "temperature_K", "contour": "excess_eV_atom"}
    for atoms in images:
        kind = atoms.info["config_type"]
        assert {key for key in keys.values() if key in atoms.info} == {keys[kind]}
        assert set(REASONS) | {REF_ENERGY, REF_STRESS} <= set(atoms.info)
        assert set(atoms.arrays) == {"numbers", "positions", REF_FORCES}
        assert np.abs(atoms.arrays[REF_FORCES]).max() <= SAMPLING.largest_force_eV_A
        bare = Atoms(atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=True)
        bare.calc = lennard_jones()
        assert bare.get_potential_energy() == pytest.approx(atoms.info[REF_ENERGY], abs=1e-7)


def test_job_depends_on_its_seed_stage_and_index_only() -> None:
    def positions(**settings: Any) -> np.ndarray:
        return np.concatenate([a.positions for a in exploration(n_frames=2, **settings).frames()])

    same = positions()
    np.testing.assert_array_equal(positions(), same)
    for settings in ({"seed": 26}, {"stage": 1}, {"index": 4}):
        other = positions(**settings)
        assert other.shape != same.shape or not np.allclose(other, same)


def test_large_forces_and_failures_of_the_reference_are_dropped_and_counted() -> None:
    strict = replace(SAMPLING, largest_force_eV_A=3.0)
    images = exploration(sampling=strict, reference=fussy, n_frames=12).frames()
    assert len(images) == 12
    counts = dropped(images)
    assert counts["dropped_forces"] > 0
    assert counts["dropped_charges"] > 0
    for atoms in images:
        assert np.abs(atoms.arrays[REF_FORCES]).max() <= 3.0
        assert np.count_nonzero(atoms.numbers == 8) % 2 == 0


def test_atoms_that_come_too_close_end_the_trajectory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trajectories, "closeness", lambda atoms: 0.29)
    with pytest.raises(ReferenceCalculatorError, match=r"20 where the approximate .* too close"):
        exploration().frames()
    monkeypatch.setattr(trajectories, "closeness", lambda atoms: 0.31)
    assert dropped(exploration(n_frames=1).frames())["dropped_approximate"] == 0


def test_potential_that_is_not_finite_is_counted_not_raised() -> None:
    with pytest.raises(ReferenceCalculatorError, match="20 where the approximate potential failed"):
        exploration(approximate=Approximate(not_finite=True)).frames()


def test_reference_that_always_fails_is_named() -> None:
    with pytest.raises(ReferenceCalculatorError, match=r"gave too few.*The last failure: .* never"):
        exploration(reference=Impossible).frames()
    seeds = SeedJob(0, 25, SAMPLING.structures, SAMPLING.seeds, Impossible)
    with pytest.raises(ReferenceCalculatorError, match=r"none of 20 random structures .* never"):
        seeds.frames()


def test_seed_that_fails_is_replaced_and_counted() -> None:
    counts = 0
    for index in range(4):
        job = SeedJob(index, 25, SAMPLING.structures, SAMPLING.seeds, fussy)
        images = job.frames()
        assert len(images) == job.n_frames == 4
        assert {str(atoms.symbols) for atoms in images} == {str(images[0].symbols)}
        counts += images[0].info["dropped_charges"]
        energies = [atoms.info[REF_ENERGY] for atoms in images]
        assert energies[2] < energies[1] < energies[0]  # relaxed; the last one is rattled
    assert counts > 0


def test_settings_without_frames_are_refused() -> None:
    with pytest.raises(UsageError, match="`frames_per_job`"):
        ZroSampling(frames_per_job=0)
    with pytest.raises(UsageError, match="`spacing`"):
        SeedSampling(spacing=0)
    assert SeedSampling().frames_per_structure == 6
