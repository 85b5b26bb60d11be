"""What the batch interface saves the criteria, against ASE's way of one frame after the other.

Not part of the tests: run `make benchmark` on an idle machine and compare within one run. The
numbers in parentheses are ratios to the fastest. Both ways of a group must give the same numbers.
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.mep import NEB, NEBTools
from ase.optimize import FIRE

from ms25_suite.core.frames import FloatArray
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.observables.eos import EosReference
from ms25_suite.metrics.batch_neb import BatchNEB
from ms25_suite.metrics.eos import fit_eos
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import Potential, PotentialOptions
from tests.helpers.emt_path import hop

pytestmark = pytest.mark.filterwarnings("ignore")

NEB_STEPS = 10
BAND: dict[str, Any] = {"k": 0.1, "climb": True, "method": "improvedtangent"}
Run = Callable[[Callable[[], Any]], Any]


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As large as a model of the smoke budget."""
    path = tmp_path_factory.mktemp("model") / "benchmark.model"
    script = Path(__file__).parents[1] / "helpers" / "scripts" / "make_mace.py"
    command = [sys.executable, str(script), str(path), "24,26,27,28,29", "5.0", "24"]
    subprocess.run(command, check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def potential(model_file: Path) -> Iterator[Potential]:
    opened = from_model_file(model_file, "mace", "benchmark", PotentialOptions(use_cache=False))
    opened.info()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def calculator(model_file: Path) -> Iterator[Any]:
    """MACE's own calculator, in this process and on one thread like a worker."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from mace.calculators import MACECalculator
    torch.set_num_threads(1)
    yield MACECalculator(model_paths=str(model_file), device="cpu", default_dtype="float64")
    torch.set_default_dtype(torch.float32)


@pytest.fixture(scope="module")
def curves() -> EosReference:
    """20 compositions at 11 volumes, 108 atoms each."""
    reference = open_dataset("hea").eos()
    assert reference is not None
    assert [len(curve.volumes) for curve in reference.curves] == [11] * 20
    return reference


@pytest.fixture(scope="module")
def path() -> list[Atoms]:
    """Four copper atoms that hop on a slab of 48."""
    ends = [atoms.repeat((2, 2, 1)) for atoms in hop()[::4]]
    images = [ends[0], *(ends[0].copy() for _ in range(7)), ends[1]]
    NEB(images, method="improvedtangent").interpolate(mic=True, apply_constraint=False)
    return images


@pytest.fixture
def run(benchmark: Any) -> Run:
    def timed(function: Callable[[], Any]) -> Any:
        return benchmark.pedantic(function, rounds=3, warmup_rounds=1)

    return timed


@pytest.fixture(scope="module")
def found() -> dict[str, FloatArray]:
    """What each way came to."""
    return {}


def _compare(found: dict[str, FloatArray], name: str, values: FloatArray, atol: float) -> None:
    """Compare with what another way of the same group has found."""
    group = name.partition(":")[0]
    for other, known in found.items():
        if other.partition(":")[0] == group:
            np.testing.assert_allclose(values, known, rtol=0, atol=atol)
    found[name] = values


def _volumes(curves: EosReference, energies: FloatArray) -> FloatArray:
    """Volumes of the minima; those of the reference where an untrained model has none.

    The model adds to the energies of the reference, so that there is something to fit.
    """
    total = np.concatenate([curve.energies for curve in curves.curves]) + 1e-3 * energies
    fits = [fit_eos(curve.volumes, total[curve.indices]) for curve in curves.curves]
    return np.array([fit.v0 for fit in fits])


@pytest.mark.benchmark(group="equation of state: 20 compositions at 11 volumes")
def test_eos_in_one_batch(
    run: Run, potential: Potential, curves: EosReference, found: dict[str, FloatArray]
) -> None:
    volumes = run(lambda: _volumes(curves, np.asarray(potential.predict(curves.frames).energy)))
    _compare(found, "eos:batch", volumes, 1e-6)


@pytest.mark.benchmark(group="equation of state: 20 compositions at 11 volumes")
def test_eos_by_ase(
    run: Run, calculator: Any, curves: EosReference, found: dict[str, FloatArray]
) -> None:
    images = [curves.frames.atoms(index) for index in range(len(curves.frames))]

    def loop() -> FloatArray:
        energies = []
        for atoms in images:
            calculator.reset()
            atoms.calc = calculator
            energies.append(atoms.get_potential_energy())
        return _volumes(curves, np.array(energies))

    _compare(found, "eos:ase", run(loop), 1e-6)


@pytest.mark.benchmark(group=f"nudged elastic band: {NEB_STEPS} steps of 9 images")
def test_neb_of_batches(
    run: Run, potential: Potential, path: list[Atoms], found: dict[str, FloatArray]
) -> None:
    def relax() -> FloatArray:
        images = [atoms.copy() for atoms in path]
        band = BatchNEB(images, potential.predict, **BAND)
        FIRE(band, logfile=None).run(fmax=0.0, steps=NEB_STEPS)
        return _barrier(images)

    _compare(found, "neb:batch", run(relax), 1e-6)


@pytest.mark.benchmark(group=f"nudged elastic band: {NEB_STEPS} steps of 9 images")
def test_neb_of_ase_with_a_shared_calculator(
    run: Run, calculator: Any, path: list[Atoms], found: dict[str, FloatArray]
) -> None:
    def relax() -> FloatArray:
        images = [atoms.copy() for atoms in path]
        calculator.reset()
        for atoms in images:
            atoms.calc = calculator
        band = NEB(images, allow_shared_calculator=True, **BAND)
        FIRE(band, logfile=None).run(fmax=0.0, steps=NEB_STEPS)
        return _barrier(images)

    _compare(found, "neb:ase", run(relax), 1e-6)


def _barrier(images: list[Atoms]) -> FloatArray:
    """Barrier and reaction energy, and the energy of each image: an untrained path may be flat."""
    energies = [atoms.get_potential_energy() for atoms in images]
    return np.array([*NEBTools(images).get_barrier(fit=True), *energies])
