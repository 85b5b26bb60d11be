"""Predictions of each architecture, against its package's own ASE calculator.

The models are those of the smoke budget, trained on 100 frames of the alloy: the first run trains
them (about two minutes each), later runs take them from the cache. Not part of the tests: run
``pytest tests/benchmarks/test_architectures.py -s`` on an idle machine and compare within a run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import execnet
import numpy as np
import pytest

from ms25_suite.core.errors import ArchitectureNotInstalledError
from ms25_suite.core.frames import Frames, Labels, Predictions
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.environments.installation import Installation
from ms25_suite.environments.processes import thread_variables
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import Potential, PotentialOptions
from ms25_suite.potentials.registry import get_architecture, get_trainer, require_installed
from ms25_suite.training import train
from ms25_suite.training.data import training_data, training_request
from ms25_suite.training.manifest import read_manifest
from tests.benchmarks import package_loop

pytestmark = pytest.mark.filterwarnings("ignore")

ARCHITECTURES = ("mace", "nequip", "allegro", "ani", "mtp")
N_FRAMES = 100


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return open_dataset("hea")


@pytest.fixture(scope="module")
def judged(dataset: Dataset) -> tuple[Frames, Labels]:
    return dataset.part(dataset.splits.test(set=1)[:N_FRAMES])


@pytest.fixture(scope="module", params=ARCHITECTURES)
def architecture(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    try:
        require_installed(get_architecture(name))
    except ArchitectureNotInstalledError as error:
        pytest.skip(str(error))
    return name


@pytest.fixture(scope="module")
def model_file(architecture: str, dataset: Dataset) -> Path:
    trainer = get_trainer(architecture)
    request = training_request(dataset, trainer, n=100)
    return train(trainer, request, training_data(dataset, request)).model_path


@pytest.fixture(scope="module")
def place(architecture: str) -> Installation:
    return require_installed(get_architecture(architecture))


@pytest.fixture(scope="module")
def own_loop(
    architecture: str, model_file: Path, place: Installation, judged: tuple[Frames, Labels]
) -> Iterator[Callable[[], Predictions]]:
    """The package's calculator in a process of its own, with one thread, as our workers are."""
    frames, _ = judged
    python = sys.executable if place.python is None else str(place.python)
    threads = "".join(f"//env:{name}={value}" for name, value in thread_variables(1).items())
    group = execnet.Group()
    channel = group.makegateway(f"popen//python={python}{threads}").remote_exec(package_loop)
    images = [frames.atoms(index) for index in range(len(frames))]
    plain = [(a.numbers.tolist(), a.positions.tolist(), a.cell.tolist()) for a in images]
    manifest = read_manifest(model_file)
    species = manifest.species if manifest else ()
    numbers = [int(frames.atoms(0).numbers[0])]
    if species:
        from ase.data import atomic_numbers

        numbers = [atomic_numbers[symbol] for symbol in species]
    channel.send((architecture, str(model_file), numbers, plain))
    assert channel.receive(timeout=300) == "ready"

    def loop() -> Predictions:
        channel.send(None)
        energy, forces, stress = (np.frombuffer(part) for part in channel.receive(timeout=600))
        stress = (
            stress.reshape(-1, 3, 3)[:, [0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
            if (stress.size == 9 * len(frames))
            else stress.reshape(-1, 6)
        )
        return Predictions(energy=energy, forces=forces.reshape(-1, 3), stress=stress)

    yield loop
    group.terminate(timeout=5)


def _potential(
    path: Path, architecture: str, *, n_workers: int = 1, compiled: bool = False
) -> Potential:
    options = PotentialOptions(n_workers=n_workers, use_cache=False, compiled=compiled)
    potential = from_model_file(
        path, architecture, "benchmark", options, manifest=read_manifest(path)
    )
    potential.info()
    return potential


def _errors(found: Predictions, labels: Labels, frames: Frames) -> dict[str, float]:
    """Mean absolute errors in meV/atom, meV/Å and meV/Å^3."""
    pairs = {
        "energy": (found.energy / frames.n_atoms, labels.energy / frames.n_atoms),
        "forces": (found.forces, labels.forces),
        "stress": (found.stress, labels.stress),
    }
    return {name: 1000 * float(np.abs(a - b).mean()) for name, (a, b) in pairs.items()}


@pytest.fixture
def run(benchmark: Any, architecture: str) -> Callable[[Callable[[], Any]], Any]:
    benchmark.group = f"{architecture}: {N_FRAMES} frames of 108 atoms"
    return lambda function: benchmark.pedantic(function, rounds=3, warmup_rounds=1)


def test_own_calculator(
    run: Callable[..., Any],
    architecture: str,
    own_loop: Callable[[], Predictions],
    model_file: Path,
    judged: tuple[Frames, Labels],
) -> None:
    """Also: the errors of the package's own predictions are those of ours."""
    frames, labels = judged
    theirs = _errors(run(own_loop), labels, frames)
    potential = _potential(model_file, architecture)
    ours = _errors(potential.predict(frames), labels, frames)
    potential.close()
    print(f"\n{architecture}: MAE ours {ours}, the package's own {theirs}")
    # The same weights; the last digits of float32 models depend on the order of sums.
    for name, value in ours.items():
        assert theirs[name] == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("n_workers", [1, 2])
def test_predict(
    run: Callable[..., Any],
    architecture: str,
    model_file: Path,
    judged: tuple[Frames, Labels],
    n_workers: int,
) -> None:
    potential = _potential(model_file, architecture, n_workers=n_workers)
    run(lambda: potential.predict(judged[0]))
    potential.close()


def test_predict_compiled(
    run: Callable[..., Any],
    architecture: str,
    model_file: Path,
    judged: tuple[Frames, Labels],
) -> None:
    """As native code (``--mlip-compile``); the compilation is not counted."""
    if not get_architecture(architecture).compiled_target:
        pytest.skip("the package compiles no models")
    potential = _potential(model_file, architecture, compiled=True)
    run(lambda: potential.predict(judged[0]))
    potential.close()
