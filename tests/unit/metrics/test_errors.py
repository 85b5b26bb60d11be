from __future__ import annotations

import numpy as np
import pytest

from ms25_suite.core.frames import FloatArray, Frames, Labels, Predictions
from ms25_suite.metrics.errors import components, per_element_force_mae, summarise_errors


def _frames(n_atoms: list[int]) -> Frames:
    offsets = np.concatenate([[0], np.cumsum(n_atoms)])
    total = int(offsets[-1])
    return Frames(
        numbers=np.tile([28, 29], total)[:total],
        positions=np.zeros((total, 3)),
        cells=np.tile(np.eye(3) * 5, (len(n_atoms), 1, 1)),
        pbc=np.ones((len(n_atoms), 3), dtype=bool),
        offsets=offsets,
    )


@pytest.fixture
def frames() -> Frames:
    return _frames([2, 4, 1])


def test_errors_by_hand(frames: Frames) -> None:
    labels = Labels(
        energy=np.array([1.0, 2.0, 3.0]), forces=np.zeros((7, 3)), stress=np.zeros((3, 6))
    )
    forces = np.zeros((7, 3))
    forces[0, 0] = 2.1
    stress = np.zeros((3, 6))
    stress[2] = 0.6
    predictions = Predictions(energy=np.array([1.2, 1.2, 3.0]), forces=forces, stress=stress)
    energy = summarise_errors("energy", frames, labels, predictions)
    assert energy.mae.value == pytest.approx((0.1 + 0.2 + 0.0) / 3)
    assert energy.rmse.value == pytest.approx(np.sqrt((0.01 + 0.04) / 3))
    assert energy.worst_frames()[0] == (1, pytest.approx(0.2))
    found = summarise_errors("forces", frames, labels, predictions)
    assert found.mae.value == pytest.approx(2.1 / 21)
    assert found.rmse.value == pytest.approx(2.1 / np.sqrt(21))
    assert found.worst_frames()[0] == (0, pytest.approx(2.1 / 6))
    found = summarise_errors("stress", frames, labels, predictions)
    assert found.mae.value == pytest.approx(0.2)
    assert found.n_frames == 3


def test_frames_without_stress_are_left_out(frames: Frames) -> None:
    stress = np.full((3, 6), 0.5)
    stress[1] = np.nan
    labels = Labels(stress=stress)
    predictions = Predictions(stress=np.zeros((3, 6)))
    found = summarise_errors("stress", frames, labels, predictions)
    assert found.mae.value == pytest.approx(0.5)
    assert found.frames.tolist() == [0, 2]


@pytest.mark.parametrize("quantity", ["energy", "forces", "stress"])
def test_what_is_missing_on_one_side_is_not_compared(frames: Frames, quantity: str) -> None:
    assert summarise_errors(quantity, frames, Labels(), Predictions()) is None
    nothing = np.full((3, 6), np.nan)
    assert (
        summarise_errors("stress", frames, Labels(stress=nothing), Predictions(stress=nothing))
        is None
    )


def test_the_interval_is_about_frames_not_components() -> None:
    """One bad frame among few makes the error uncertain, however many atoms it has."""
    frames = _frames([50] * 40)
    forces = np.zeros((2000, 3))
    forces[:200] = 1.0
    found = summarise_errors(
        "forces", frames, Labels(forces=np.zeros((2000, 3))), Predictions(forces=forces)
    )
    assert found.mae.value == pytest.approx(0.1)
    assert found.mae.interval[0] < 0.04
    assert found.mae.interval[1] > 0.19


@pytest.mark.parametrize("n", [2, 6, 40])
@pytest.mark.parametrize("power", [0.3, 1.0, 4.0])
def test_the_interval_of_the_mae_is_not_beyond_that_of_the_rmse(n: int, power: float) -> None:
    rng = np.random.default_rng(2)
    for _ in range(50):
        predictions = Predictions(energy=np.abs(rng.normal(size=n)) ** power)
        found = summarise_errors("energy", _frames([1] * n), Labels(np.zeros(n)), predictions)
        assert found.mae.value <= found.rmse.value
        assert found.mae.interval[0] <= found.rmse.interval[0] <= found.rmse.value
        assert found.mae.interval[1] <= found.rmse.interval[1]
        assert found.rmse.value <= found.rmse.interval[1]


def test_frames_of_one_trajectory_count_as_one() -> None:
    """The same frame three times says no more than once."""
    rng = np.random.default_rng(3)
    errors = rng.normal(size=20)
    once = summarise_errors(
        "energy", _frames([1] * 20), Labels(np.zeros(20)), Predictions(energy=errors)
    )
    thrice = summarise_errors(
        "energy",
        _frames([1] * 60),
        Labels(np.zeros(60)),
        Predictions(energy=np.repeat(errors, 3)),
        groups=np.repeat(np.arange(20), 3),
    )
    for metric in ("mae", "rmse"):
        assert getattr(thrice, metric).interval == pytest.approx(getattr(once, metric).interval)
    assert (thrice.n_frames, thrice.mae.independent) == (60, 20.0)


def test_only_the_trajectories_of_the_compared_frames_count(frames: Frames) -> None:
    labels = Labels(energy=np.array([1.0, np.nan, 3.0]))
    predictions = Predictions(energy=np.array([1.2, 1.2, 3.0]))
    found = summarise_errors(
        "energy", frames, labels, predictions, groups=np.array([7, 7, 5], dtype=np.int64)
    )
    assert found.groups.tolist() == [7, 5]
    assert found.mae.independent == 2.0


def test_one_frame_has_no_interval() -> None:
    found = summarise_errors(
        "energy", _frames([3]), Labels(energy=np.ones(1)), Predictions(energy=np.zeros(1))
    )
    assert found.mae.interval is None


def test_components_keep_the_frame_they_come_from(frames: Frames) -> None:
    forces: FloatArray = np.arange(21.0).reshape(7, 3)
    _, predicted, index = components(
        "forces", frames, Labels(forces=forces), Predictions(forces=forces)
    )
    assert predicted.tolist() == list(range(21))
    assert index.tolist() == [0] * 6 + [1] * 12 + [2] * 3


def test_force_errors_by_element() -> None:
    predicted = np.array([1.0, 1, 1, 0, 0, 0, 3, 3, 3])
    found = per_element_force_mae([28, 29, 28], np.zeros(9), predicted)
    assert found == {28: pytest.approx(2.0), 29: pytest.approx(0.0)}


def test_each_quantity_is_compared_on_the_frames_that_have_it(frames: Frames) -> None:
    energy = np.array([1.0, np.nan, 3.0])
    forces = np.zeros((7, 3))
    forces[3, 1] = np.nan
    predictions = Predictions(energy=np.array([1.2, 9.0, 3.0]), forces=np.ones((7, 3)))
    labels = Labels(energy, forces)
    found = summarise_errors("energy", frames, labels, predictions)
    assert found is not None
    assert found.frames.tolist() == [0, 2]
    assert found.mae.value == pytest.approx(0.05)
    found = summarise_errors("forces", frames, labels, predictions)
    assert found is not None
    assert found.frames.tolist() == [0, 2]
    assert found.mae.value == 1.0
    assert found.reference.shape == (9,)
    nothing = Labels(np.full(3, np.nan), np.full((7, 3), np.nan))
    assert summarise_errors("energy", frames, nothing, predictions) is None
    assert summarise_errors("forces", frames, nothing, predictions) is None
    assert labels.select([1], frames.offsets).energy is None


def test_errors_by_kind_of_frame(frames: Frames) -> None:
    labels = Labels(forces=np.zeros((7, 3)))
    forces = np.repeat([1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 5.0], 3).reshape(7, 3)
    found = summarise_errors("forces", frames, labels, Predictions(forces=forces))
    assert found is not None
    kinds = np.array(["bulk", "bulk", "slab"])
    # Over components, as the error of all frames: (2 x 1 + 4 x 2) / 6.
    assert found.mae_by(kinds) == {"bulk": (pytest.approx(10 / 6), 2), "slab": (5.0, 1)}
