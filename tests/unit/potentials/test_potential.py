"""A potential with a stand-in for its workers; those are tested in workers/test_pool.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from ase import Atoms

from ms25_suite.core.errors import ElementCoverageError, NotFiniteError, PredictionError
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.potentials import potential as module
from ms25_suite.potentials.base import ModelInfo
from ms25_suite.potentials.potential import Potential, PotentialOptions
from ms25_suite.potentials.prediction_cache import PredictionCache
from ms25_suite.potentials.workers.jobs import CalculatorJob


class Pool:
    """Predicts the number of atoms; may lack or spoil something."""

    made: ClassVar[list[Pool]]
    elements: tuple[int, ...] | None = (28, 29)
    spoil: Any = None

    def __init__(self, job: object, **options: object) -> None:
        self.made.append(self)
        self.started, self.groups = 0, 0

    def start(self) -> ModelInfo:
        self.started += 1
        return ModelInfo(elements=self.elements)

    def predict(
        self,
        frames: Frames,
        tasks: Sequence[Any],
        arrived: Callable[[int, Predictions], None],
        partly: Callable[[int, int], object],
    ) -> list[Predictions]:
        self.groups += len(tasks)
        found = [self._one(frames.select(task)) for task in tasks]
        # Workers answer in any order.
        for index in reversed(range(len(found))):
            arrived(index, found[index])
        return found

    def _one(self, frames: Frames) -> Predictions:
        stress = np.zeros((len(frames), 6))
        stress[~frames.pbc.all(axis=1)] = np.nan
        values = {
            "energy": frames.n_atoms.astype(float),
            "forces": np.zeros((len(frames.numbers), 3)),
            "stress": stress,
        }
        if self.spoil is not None:
            self.spoil(values)
        return Predictions(**values)


@pytest.fixture(autouse=True)
def pool(monkeypatch: pytest.MonkeyPatch) -> type[Pool]:
    class Made(Pool):
        made: ClassVar[list[Pool]] = []

    monkeypatch.setattr(module, "WorkerPool", Made)
    return Made


@pytest.fixture
def frames() -> Frames:
    images = [Atoms(f"Cu{n}", np.outer(np.arange(n), [2.5, 0, 0])) for n in (1, 2, 3)]
    images.append(Atoms("Ni", cell=[3, 3, 3], pbc=True))
    return Frames.from_atoms(images)


def opened(**options: Any) -> Potential:
    return Potential("some", "ase", CalculatorJob("x:y"), PotentialOptions(**options))


def test_batches_keep_the_order(frames: Frames, pool: type[Pool]) -> None:
    potential = opened(batch_atoms=3)
    found = potential.predict(frames)
    assert found.energy is not None
    assert found.energy.tolist() == [1, 2, 3, 1]
    assert np.isnan(found.stress[:3]).all()
    assert pool.made[0].groups > 1
    assert potential.manifest is None


def test_the_cache_is_used_first(frames: Frames, pool: type[Pool]) -> None:
    first, second = (
        Potential(
            "some",
            "mace",
            CalculatorJob("x:y"),
            PotentialOptions(),
            cache=PredictionCache({"model": "test_the_cache_is_used_first"}),
        )
        for _ in range(2)
    )
    expected = first.predict(frames)
    found = second.predict(frames)
    np.testing.assert_array_equal(found.energy, expected.energy)
    assert (pool.made[1].started, pool.made[1].groups) == (0, 0)
    # `compute` is what timings and dynamics need.
    second.compute(frames)
    assert pool.made[1].groups == 1


def cached(model: str) -> Potential:
    return Potential(
        "some",
        "mace",
        CalculatorJob("x:y"),
        PotentialOptions(),
        cache=PredictionCache({"model": model}),
    )


def test_damaged_predictions_are_computed_again_and_named(
    frames: Frames, pool: type[Pool], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path))
    expected = cached("a").predict(frames)
    for path in [*tmp_path.rglob("*.npz"), *tmp_path.rglob("info.json")]:
        content = bytearray(path.read_bytes())
        content[-5] ^= 1
        path.write_bytes(content)
        potential = cached("a")
        found = potential.predict(frames)
        np.testing.assert_array_equal(found.forces, expected.forces)
        assert "damaged predictions in the cache were computed again (1 of" in (
            potential.cache_problem
        )
        assert str(path) in potential.cache_problem
        assert pool.made[-1].started + pool.made[-1].groups > 0
        # They were replaced.
        again = cached("a")
        again.predict(frames)
        assert not again.cache_problem
        assert pool.made[-1].started + pool.made[-1].groups == 0


def test_a_stress_that_vanished_from_a_cached_part_is_computed_again(
    frames: Frames, pool: type[Pool], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(module, "CACHE_ATOMS", 3)
    expected = cached("a").predict(frames)
    part = frames.select([0, 1])
    known = PredictionCache({"model": "a"}).get(part)
    assert known is not None
    PredictionCache({"model": "a"}).put(part, Predictions(known.energy, known.forces))
    found = cached("a").predict(frames)
    assert found.stress is not None
    np.testing.assert_array_equal(found.stress, expected.stress)


def test_a_stress_of_some_frames_only_is_an_error(frames: Frames, pool: type[Pool]) -> None:
    def spoil(values: dict[str, Any]) -> None:
        if len(values["energy"]) == 1:
            values["stress"] = None

    pool.spoil = staticmethod(spoil)
    with pytest.raises(PredictionError, match="a stress for some of the frames only"):
        opened(batch_atoms=3).predict(frames)


def test_a_cache_that_cannot_be_written_is_no_error(
    frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object, *args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PredictionCache, "put", full)
    potential = Potential(
        "some",
        "mace",
        CalculatorJob("x:y"),
        PotentialOptions(),
        cache=PredictionCache({"model": "full"}),
    )
    assert potential.predict(frames).energy is not None
    assert "No space left" in potential.cache_problem


def test_other_elements_are_named(frames: Frames, pool: type[Pool]) -> None:
    pool.elements = (29, 30)
    with pytest.raises(
        ElementCoverageError, match=r"does not support Ni: it supports Cu Zn, .*Ni Cu"
    ):
        opened().predict(frames)
    pool.elements = None
    assert opened().predict(frames).energy is not None


@pytest.mark.parametrize("quantity", ["energy", "forces", "stress"])
def test_numbers_that_are_not_finite(frames: Frames, pool: type[Pool], quantity: str) -> None:
    def spoil(values: dict[str, Any]) -> None:
        values[quantity][-1] = np.inf

    pool.spoil = staticmethod(spoil)
    with pytest.raises(NotFiniteError, match=f"{quantity} that are not finite .* 1 of 4") as caught:
        opened().predict(frames)
    assert caught.value.frames == (3,)


def test_energies_and_forces_are_required(frames: Frames, pool: type[Pool]) -> None:
    pool.spoil = staticmethod(lambda values: values.update(forces=None))
    with pytest.raises(PredictionError, match="no energies or no forces"):
        opened().predict(frames)


def test_no_frames(frames: Frames) -> None:
    found = opened().predict(frames.select([]))
    assert found.forces is not None
    assert found.forces.shape == (0, 3)
