"""Predictions on a device with a memory and a throughput of its own, without such a device."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.core.errors import OutOfMemoryError
from ms25_suite.core.frames import Frames
from ms25_suite.potentials.batching.limits import FixedLimit, GrowingLimit
from ms25_suite.potentials.batching.profile import Profile
from ms25_suite.potentials.batching.remembered import RememberedSize
from ms25_suite.potentials.evaluate import EdgeEvaluator
from tests.helpers.lennard_jones import LennardJonesModel
from tests.helpers.simulated_device import SimulatedModel


def _frames(n: int) -> Frames:
    """Frames of 4 to 32 atoms in no order, each with other positions."""
    images = []
    for index in range(n):
        atoms = bulk("Cu", cubic=True) * [(1, 1, 1), (2, 1, 1), (2, 2, 2)][index % 3]
        atoms.rattle(0.1, seed=index)
        images.append(atoms)
    return Frames.from_atoms(images)


FRAMES = _frames(60)
EXPECTED = EdgeEvaluator(LennardJonesModel()).predict(FRAMES)


def _check(model: SimulatedModel, **options: object) -> tuple[EdgeEvaluator, Profile]:
    evaluator, profile = EdgeEvaluator(model, **options), Profile()
    found = evaluator.predict(FRAMES, profile=profile)
    np.testing.assert_allclose(found.energy, EXPECTED.energy, rtol=1e-13)
    np.testing.assert_allclose(found.forces, EXPECTED.forces, atol=1e-11)
    np.testing.assert_allclose(found.stress, EXPECTED.stress, atol=1e-13)
    # No frame is lost, none is evaluated twice.
    assert sum(batch.n_frames for batch in profile.batches) == len(FRAMES)
    assert model.device.under_way == 0
    return evaluator, profile


@pytest.mark.parametrize("finds_edges", [False, True])
@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("batch_atoms", [None, 1, 40])
def test_frames_come_back_in_order(
    threads: int, batch_atoms: int | None, finds_edges: bool
) -> None:
    model = SimulatedModel(finds_edges=finds_edges)
    evaluator, profile = _check(model, batch_atoms=batch_atoms, threads=threads)
    assert isinstance(evaluator.limit, GrowingLimit if batch_atoms is None else FixedLimit)
    if batch_atoms == 40:
        assert max(batch.n_atoms for batch in profile.batches) <= 40
    sizes = [batch.n_atoms / batch.n_frames for batch in profile.batches]
    # Packed by size, the largest first.
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("finds_edges", [False, True])
@pytest.mark.parametrize("threads", [0, 1])
@pytest.mark.parametrize("fit", [32, 100])
def test_what_does_not_fit_is_halved(fit: int, threads: int, finds_edges: bool) -> None:
    """With a number of atoms that the memory does not hold, as a user may state it."""
    edges = 42  # of an atom of copper within 5 Å, at most; some are rattled out
    memory = int(1e5 * edges * fit * 1.1)
    model = SimulatedModel(memory=memory, finds_edges=finds_edges)
    evaluator, profile = _check(model, batch_atoms=5000, threads=threads)
    assert model.device.failed
    assert profile.retried == len(model.device.failed)
    assert model.device.released == profile.retried
    # It learns: what has failed is not tried again.
    assert len(set(model.device.failed)) == len(model.device.failed)
    assert evaluator.limit.value < 5000


def test_a_frame_larger_than_the_memory_is_an_error_with_a_name() -> None:
    model = SimulatedModel(memory=10**7)
    with pytest.raises(OutOfMemoryError, match=r"a frame of 32 atoms does not fit.*out of memory"):
        EdgeEvaluator(model).predict(FRAMES)
    assert model.device.under_way == 0


def test_a_frame_that_fits_only_alone_is_tried_again() -> None:
    """Another batch was still on the device when it failed."""
    model = SimulatedModel(memory=10**10)
    launch, refused = model.device.launch, []

    def crowded(staged: object) -> object:
        if model.device.under_way and not refused:
            refused.append(staged)
            msg = "CUDA out of memory."
            raise RuntimeError(msg)
        return launch(staged)

    model.device.launch = crowded  # type: ignore[method-assign]
    _check(model, batch_atoms=1)
    assert refused


def test_batches_grow_and_are_remembered(tmp_path: Path) -> None:
    frames = Frames.from_atoms([bulk("Cu", cubic=True) * (3, 3, 3)] * 400)
    known = RememberedSize(tmp_path, {"model": "some"})
    first, second = SimulatedModel(half=1e5), SimulatedModel(half=1e5)
    EdgeEvaluator(first, remembered=known).predict(frames)
    assert max(first.device.launched) > 4 * first.device.launched[0]
    again = RememberedSize(tmp_path, {"model": "some"})
    EdgeEvaluator(second, remembered=again).predict(frames)
    assert second.device.launched[0] > 4 * first.device.launched[0]
    assert second.device.seconds < first.device.seconds
    # Of another model, precision or card nothing is known.
    third = SimulatedModel(half=1e5, card="another")
    other = EdgeEvaluator(third, remembered=again)
    assert other.limit.value == EdgeEvaluator(SimulatedModel()).limit.value


def test_the_device_has_its_next_batch_before_the_last_one_is_looked_at() -> None:
    model = SimulatedModel()
    most = []
    launch = model.device.launch

    def counted(staged: object) -> object:
        found = launch(staged)
        most.append(model.device.under_way)
        return found

    model.device.launch = counted  # type: ignore[method-assign]
    _check(model, batch_atoms=40)
    assert max(most) == 2


def test_other_errors_of_a_device_are_not_mistaken_for_memory() -> None:
    model = SimulatedModel()

    def broken(staged: object) -> object:
        msg = "CUDA error: device-side assert triggered"
        raise RuntimeError(msg)

    model.device.launch = broken  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="device-side assert"):
        EdgeEvaluator(model, threads=2).predict(FRAMES)


def test_no_small_batch_is_left_at_the_end() -> None:
    """Frames of equal size, with a limit that leaves a tenth of a batch."""
    frames = Frames.from_atoms([bulk("Cu", cubic=True)] * 105)
    model = SimulatedModel(finds_edges=True)
    profile = Profile()
    EdgeEvaluator(model, 4 * 50).predict(frames, profile=profile)
    assert [batch.n_frames for batch in profile.batches] == [35, 35, 35]
