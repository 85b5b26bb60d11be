"""How much of the time for graphs disappears when a thread builds them ahead.

Not part of the tests: run `make benchmark` on an idle machine with two cores. The model waits
without using a core, as a process does whose GPU computes: then everything but the first graph
overlaps with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.core.frames import FloatArray, Frames
from ms25_suite.potentials.base import Graph
from ms25_suite.potentials.batching.profile import Profile
from ms25_suite.potentials.evaluate import EdgeEvaluator
from tests.helpers.lennard_jones import LennardJonesModel

Run = Callable[[Callable[[], Any]], Any]

N_FRAMES = 200
BATCH_ATOMS = 1080


class SlowModel(LennardJonesModel):
    """As slow as a model whose batches take as long as their graphs."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray]:
        time.sleep(self.seconds)
        return np.zeros(graph.n_graphs), np.zeros_like(graph.vectors)


@pytest.fixture(scope="module")
def frames() -> Frames:
    images = []
    for seed in range(N_FRAMES):
        atoms = bulk("Cu", cubic=True) * (3, 3, 3)
        atoms.rattle(0.1, seed=seed)
        images.append(atoms)
    return Frames.from_atoms(images)


@pytest.fixture(scope="module")
def model(frames: Frames) -> SlowModel:
    evaluator = EdgeEvaluator(SlowModel(0.0), BATCH_ATOMS)
    # The first time, modules are imported.
    evaluator.predict(frames.select([0]))
    profile = Profile()
    evaluator.predict(frames, profile=profile)
    return SlowModel(profile.neighbours_s / len(profile.batches))


@pytest.mark.benchmark(group="graphs ahead of a slow model")
@pytest.mark.parametrize("threads", [0, 1, 2])
def test_graphs_ahead(benchmark: Any, model: SlowModel, frames: Frames, threads: int) -> None:
    evaluator = EdgeEvaluator(model, BATCH_ATOMS, threads=threads)
    profile = Profile()
    benchmark.pedantic(
        lambda: evaluator.predict(frames, profile=profile), rounds=3, warmup_rounds=1
    )
    modelled = sum(batch.model_s for batch in profile.batches)
    # 1 is a model that never waits; without a thread ahead it is about 2.
    benchmark.extra_info["wall over model"] = round(profile.wall_s / modelled, 3)
