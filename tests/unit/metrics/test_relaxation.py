"""Relaxation of many frames in one batch."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.core.errors import NotFiniteError
from ms25_suite.core.frames import Frames
from ms25_suite.metrics.relaxation import relax
from tests.helpers.emt_path import emt
from tests.helpers.three_metals import without


def test_frames_are_relaxed_together(frames: Frames) -> None:
    done = relax(frames, emt, fmax=0.01, steps=60)
    assert done.converged
    assert done.fmax < 0.01
    perfect = emt(Frames.from_atoms([bulk(name, cubic=True) for name in ("Cu", "Ni", "Al")]))
    np.testing.assert_allclose(done.energies, perfect.energy, atol=1e-3)
    assert not relax(frames, emt, fmax=1e-6, steps=1).converged


def test_fixed_atoms_stay_and_lost_frames_have_no_energy(frames: Frames) -> None:
    fixed = np.zeros(len(frames.numbers), dtype=bool)
    fixed[0] = True
    done = relax(frames, without(28), fmax=0.01, steps=60, fixed=fixed)
    assert not done.converged
    assert np.isnan(done.energies).tolist() == [False, True, False]
    np.testing.assert_array_equal(done.frames.positions[0], frames.positions[0])
    np.testing.assert_array_equal(done.frames.positions[4:8], frames.positions[4:8])
    with pytest.raises(NotFiniteError, match="no frame has a finite prediction"):
        relax(frames, without(13, 28, 29), fmax=0.01, steps=5)
