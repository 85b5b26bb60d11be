"""Potentials in worker processes, and everything that can go wrong there."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import execnet
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.errors import (
    ElementCoverageError,
    ModelFileError,
    OutOfMemoryError,
    PotentialError,
    PredictionError,
    WorkerDiedError,
    WorkerTimeoutError,
)
from ms25_suite.core.frames import Frames
from ms25_suite.potentials.opening import from_calculator, from_model_file
from ms25_suite.potentials.potential import Potential, PotentialOptions
from ms25_suite.potentials.workers.jobs import CalculatorJob
from ms25_suite.potentials.workers.pool import WorkerPool

EMT_PLUS = """
import os, time
import numpy as np
from ase.calculators.emt import EMT

class Calculator(EMT):
    count = 0
    def calculate(self, *args, **kwargs):
        super().calculate(*args, **kwargs)
        Calculator.count += 1
        {body}

calculator = Calculator
"""


@pytest.fixture
def frames(cuni_images: list[Atoms]) -> Frames:
    return Frames.from_atoms(cuni_images)


def _potential(tmp_path: Path, body: str, **options: object) -> Potential:
    path = tmp_path / "calc.py"
    path.write_text(EMT_PLUS.format(body=body))
    return from_calculator(str(path), "calc", PotentialOptions(**options))


def test_a_calculator_file_is_asked_frame_by_frame(
    tmp_path: Path, frames: Frames, cuni_images: list[Atoms]
) -> None:
    potential = _potential(tmp_path, "pass")
    found = potential.predict(frames)
    potential.close()
    for index, atoms in enumerate(cuni_images):
        assert found.energy[index] == pytest.approx(atoms.info["REF_energy"], abs=1e-10)
        np.testing.assert_allclose(found.stress[index], atoms.info["REF_stress"], atol=1e-10)
    expected = np.concatenate([atoms.arrays["REF_forces"] for atoms in cuni_images])
    np.testing.assert_allclose(found.forces, expected, atol=1e-10)


def test_workers_share_the_frames_and_keep_their_order(tmp_path: Path, frames: Frames) -> None:
    one = _potential(tmp_path, "pass", batch_atoms=32)
    two = _potential(tmp_path, "pass", batch_atoms=32, n_workers=2)
    np.testing.assert_array_equal(one.predict(frames).energy, two.predict(frames).energy)
    assert len(set(two.worker_pids)) == 2
    one.close()
    two.close()


def test_an_attribute_of_a_module(frames: Frames) -> None:
    potential = from_calculator("ase.calculators.emt:EMT", "emt", PotentialOptions())
    assert np.isfinite(potential.predict(frames.select([0, 1])).energy).all()
    potential.close()


def test_no_frames_give_no_numbers(tmp_path: Path, frames: Frames) -> None:
    potential = _potential(tmp_path, "pass")
    assert potential.predict(frames.select([])).energy.shape == (0,)
    potential.close()


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (
            "raise ValueError('no such luck')",
            PredictionError,
            "raised an error for a frame of 16 atoms",
        ),
        ("raise ValueError('no such luck')", PredictionError, "ValueError: no such luck"),
        ("self.results['energy'] = float('nan')", PredictionError, "energy that are not finite"),
        ("self.results['forces'][3] = np.inf", PredictionError, "forces that are not finite"),
        (
            "self.results['forces'] = np.zeros((2, 3))",
            PredictionError,
            r"forces has shape \(2, 3\).*expected \(16, 3\)",
        ),
        (
            "self.results['energy'] = np.zeros(4)",
            PredictionError,
            r"energy has shape \(4,\).*expected one number",
        ),
        ("raise MemoryError('1 PiB')", OutOfMemoryError, "ran out of memory .*1 PiB"),
        ("np.empty(1 << 55)", OutOfMemoryError, "ran out of memory"),
    ],
)
def test_a_bad_calculator_has_its_error_named(
    tmp_path: Path, frames: Frames, body: str, error: type[PotentialError], message: str
) -> None:
    potential = _potential(tmp_path, body)
    with pytest.raises(error, match=message):
        potential.predict(frames)
    potential.close()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import no_such_module", "No module named 'no_such_module'"),
        ("x = 1", "does not define `calculator`"),
        ("calculator = 3", "calling `calculator`"),
        ("def calculator(): return 3", "expected an ASE calculator"),
        ("def calculator(): raise OSError('no licence')", "no licence"),
    ],
)
def test_a_calculator_file_without_calculator(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "calc.py"
    path.write_text(text)
    potential = from_calculator(str(path), "calc", PotentialOptions())
    with pytest.raises(ModelFileError, match=message):
        potential.info()
    potential.close()


def test_a_killed_worker_is_noticed_and_replaced(tmp_path: Path, frames: Frames) -> None:
    potential = _potential(tmp_path, "time.sleep(0.05)")
    potential.info()
    (victim,) = potential.worker_pids
    timer = threading.Timer(0.4, os.kill, (victim, signal.SIGKILL))
    timer.start()
    with pytest.raises(WorkerDiedError, match="the worker process of the potential ended"):
        potential.predict(frames)
    timer.join()
    assert len(potential.predict(frames.select([0])).energy) == 1
    assert potential.worker_pids != (victim,)
    potential.close()


def test_a_crash_shows_the_last_output(tmp_path: Path, frames: Frames) -> None:
    potential = _potential(tmp_path, "os.write(2, b'Illegal instruction!'); os.abort()")
    with pytest.raises(WorkerDiedError, match="Illegal instruction!"):
        potential.predict(frames)
    potential.close()


def test_a_worker_that_hangs_is_ended(tmp_path: Path, frames: Frames) -> None:
    path = tmp_path / "calc.py"
    path.write_text(EMT_PLUS.format(body="time.sleep(600)"))
    pool = WorkerPool(CalculatorJob(str(path)))
    # The start may take longer on a busy machine.
    pool.start()
    pool.timeout_s = 1.5
    (victim,) = pool.pids
    start = time.monotonic()
    with pytest.raises(WorkerTimeoutError, match=r"did not answer within 1\.5 s.*--worker-timeout"):
        pool.predict(frames, [np.arange(2)])
    assert time.monotonic() - start < 20
    with pytest.raises(ProcessLookupError):
        os.kill(victim, 0)
    pool.close()


def test_elements_of_a_calculator_are_checked_if_it_lists_them(
    tmp_path: Path, frames: Frames
) -> None:
    path = tmp_path / "calc.py"
    path.write_text(EMT_PLUS.format(body="pass") + "\nCalculator.elements = ['Ni', 'H']\n")
    potential = from_calculator(str(path), "calc", PotentialOptions())
    with pytest.raises(
        ElementCoverageError, match="does not support Cu: it supports H Ni, the data holds Ni Cu"
    ):
        potential.predict(frames)
    potential.close()


def test_a_calculator_without_stress_predicts_none(tmp_path: Path, frames: Frames) -> None:
    path = tmp_path / "calc.py"
    text = (
        EMT_PLUS.format(body="pass")
        + "\nCalculator.implemented_properties = ['energy', 'forces']\n"
    )
    path.write_text(text)
    potential = from_calculator(str(path), "calc", PotentialOptions())
    assert potential.predict(frames.select([0])).stress is None
    potential.close()


def test_output_of_a_potential_does_not_disturb_the_channel(tmp_path: Path, frames: Frames) -> None:
    potential = _potential(tmp_path, "print('noise'); os.system('echo more noise')")
    assert len(potential.predict(frames).energy) == len(frames)
    potential.close()


def test_the_ase_calculator_asks_the_potential(tmp_path: Path, cuni_images: list[Atoms]) -> None:
    potential = _potential(tmp_path, "pass")
    atoms = cuni_images[3].copy()
    atoms.calc = potential.calculator()
    expected = cuni_images[3].copy()
    expected.calc = EMT()
    assert atoms.get_potential_energy() == pytest.approx(expected.get_potential_energy())
    assert atoms.get_potential_energy(force_consistent=True) == atoms.get_potential_energy()
    np.testing.assert_allclose(atoms.get_forces(), expected.get_forces(), atol=1e-12)
    np.testing.assert_allclose(atoms.get_stress(), expected.get_stress(), atol=1e-12)
    potential.close()


@pytest.mark.slow
@pytest.mark.mace
def test_predictions_are_kept_by_content(tiny_mace: Path, frames: Frames) -> None:
    options = PotentialOptions(batch_atoms=64)
    first = from_model_file(tiny_mace, "mace", "tiny", options)
    expected = first.predict(frames)
    first.close()
    again = from_model_file(tiny_mace, "mace", "other name", options)
    found = again.predict(frames)
    assert again.worker_pids == ()
    np.testing.assert_array_equal(found.forces, expected.forces)
    assert again.info().elements == (24, 26, 27, 28, 29)
    # Other frames, another dtype: nothing is reused that was computed for something else.
    moved = Frames.from_atoms([frames.atoms(0)])
    moved.positions[0] += 0.1
    assert not np.allclose(again.predict(moved).energy, expected.energy[0], atol=1e-9)
    again.close()
    single = from_model_file(tiny_mace, "mace", "tiny", PotentialOptions(dtype="float32"))
    difference = np.abs(single.predict(frames).energy - expected.energy).max()
    assert 0 < difference < 1e-2
    single.close()


@pytest.mark.mace
def test_no_frames_give_no_numbers_with_a_cache_either(tiny_mace: Path, frames: Frames) -> None:
    potential = from_model_file(tiny_mace, "mace", "tiny", PotentialOptions())
    assert potential.predict(frames.select([])).forces.shape == (0, 3)
    potential.close()


@pytest.mark.mace
def test_a_damaged_cache_file_is_computed_again(tiny_mace: Path, frames: Frames) -> None:
    potential = from_model_file(tiny_mace, "mace", "tiny", PotentialOptions())
    few = frames.select([4, 5])
    expected = potential.predict(few)
    root = Path(os.environ["MS25_CACHE_DIR"]) / "predictions"
    for path in root.glob("*/*/*.npz"):
        path.write_bytes(path.read_bytes()[:100])
    np.testing.assert_allclose(potential.predict(few).forces, expected.forces)
    potential.close()


def test_a_worker_runs_in_another_python(tmp_path: Path) -> None:
    other = tmp_path / "a python"
    other.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    other.chmod(0o755)
    pool = WorkerPool(CalculatorJob("ase.calculators.emt:EMT"), python=other)
    frames = Frames.from_atoms([bulk("Cu"), bulk("Ni")])
    (found,) = pool.predict(frames, [np.arange(2)])
    pool.close()
    assert np.isfinite(found.energy).all()


def test_a_python_that_does_not_start_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def makegateway(self: execnet.Group, spec: str) -> None:
        raise EOFError("couldn't load message header, expected 9 bytes, got 0")

    monkeypatch.setattr(execnet.Group, "makegateway", makegateway)
    pool = WorkerPool(CalculatorJob("x:y"), python=Path("/some/python"))
    with pytest.raises(WorkerDiedError, match=r"/some/python does not start.*ms25 env create"):
        pool.start()


@pytest.mark.parametrize(("gpus", "expected"), [((), {-1}), (("4",), {-1}), (("2", "5"), {2, 5})])
def test_processes_are_spread_over_gpus(
    gpus: tuple[str, ...],
    expected: set[int],
    tmp_path: Path,
    frames: Frames,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    path = tmp_path / "calc.py"
    seen = "int(os.environ.get('CUDA_VISIBLE_DEVICES', -1))"
    body = f"time.sleep(0.2); self.results['energy'] = {seen}"
    path.write_text(EMT_PLUS.format(body=body))
    pool = WorkerPool(CalculatorJob(str(path)), n_workers=2, gpus=gpus)
    found = pool.predict(frames, [np.array([0]), np.array([1]), np.array([2])])
    pool.close()
    assert {int(part.energy[0]) for part in found} == expected


@pytest.mark.parametrize("n_workers", [1, 2])
def test_a_second_request_waits_in_the_worker(
    tmp_path: Path, frames: Frames, n_workers: int
) -> None:
    """Answers keep their requests apart, also after one of them has failed."""
    path = tmp_path / "calc.py"
    body = "if abs(self.atoms.positions[0, 0] - 99) < 1: raise ValueError('far off')"
    path.write_text(EMT_PLUS.format(body=body))
    pool = WorkerPool(CalculatorJob(str(path)), n_workers=n_workers, depth=2)
    tasks = [np.array([index]) for index in range(len(frames))]
    arrived: list[int] = []
    found = pool.predict(frames, tasks, lambda index, part: arrived.append(index))
    assert sorted(arrived) == list(range(len(frames)))
    expected = [atoms_energy(frames, index) for index in range(len(frames))]
    np.testing.assert_allclose([part.energy[0] for part in found], expected, atol=1e-10)
    images = [frames.atoms(index) for index in range(len(frames))]
    images[1].positions += 99 - images[1].positions[0, 0]
    with pytest.raises(PredictionError, match="far off"):
        pool.predict(Frames.from_atoms(images), tasks)
    again = pool.predict(frames, tasks[:2])
    np.testing.assert_allclose([part.energy[0] for part in again], expected[:2], atol=1e-10)
    pool.close()


def atoms_energy(frames: Frames, index: int) -> float:
    atoms = frames.atoms(index)
    atoms.calc = EMT()
    return float(atoms.get_potential_energy())
