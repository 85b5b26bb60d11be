from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.errors import OutOfMemoryError, PredictionError, UsageError
from ms25_suite.core.frames import Frames
from ms25_suite.potentials.from_ase import CalculatorEvaluator
from ms25_suite.potentials.spec import parse_spec
from ms25_suite.potentials.workers.shared_calculator import (
    ADDRESS_VARIABLE,
    CalculatorServer,
    SharedCalculator,
    server_address,
)


class Listed(EMT):  # type: ignore[misc]
    elements = ("Cu", "Ni")


class Raises(EMT):  # type: ignore[misc]
    error: BaseException = ValueError("no such luck")

    def calculate(self, atoms: Any = None, *arguments: Any, **options: Any) -> None:
        if len(atoms) == 4:
            raise self.error
        super().calculate(atoms, *arguments, **options)


class Exhausted(Raises):
    error = MemoryError("1 EiB")


@pytest.fixture
def address() -> Iterator[str]:
    """A server, in a thread of its own, with a short path: a socket's has 100 characters."""
    calculators = {"emt": Listed(), "raises": Raises(), "exhausted": Exhausted()}
    done = threading.Event()
    with TemporaryDirectory() as folder, CalculatorServer(calculators, Path(folder)) as server:

        def work() -> None:
            while not done.is_set():
                server.serve(0.05)

        thread = threading.Thread(target=work)
        thread.start()
        yield server.address
        done.set()
        thread.join(30.0)
        assert not thread.is_alive()


@pytest.fixture
def frames() -> Frames:
    images = [bulk("Cu"), bulk("Cu", cubic=True)]
    for seed, atoms in enumerate(images):
        atoms.rattle(0.1, seed=seed)
    return Frames.from_atoms(images)


def test_predictions_are_those_of_the_calculator(address: str, frames: Frames) -> None:
    shared, direct = SharedCalculator(address, "emt"), CalculatorEvaluator(Listed())
    assert shared.info == direct.info
    assert shared.info.elements == (28, 29)
    found, expected = shared.predict(frames), direct.predict(frames)
    np.testing.assert_array_equal(found.energy, expected.energy)
    np.testing.assert_array_equal(found.forces, expected.forces)
    np.testing.assert_array_equal(found.stress, expected.stress)


def test_an_error_names_its_frame_and_the_server_goes_on(address: str, frames: Frames) -> None:
    shared = SharedCalculator(address, "raises")
    with pytest.raises(PredictionError, match="no such luck") as caught:
        shared.predict(frames)
    assert caught.value.frames == (1,)
    assert shared.predict(frames.select([0])).energy is not None
    with pytest.raises(OutOfMemoryError, match="1 EiB"):
        SharedCalculator(address, "exhausted").predict(frames)


def test_a_worker_that_goes_away_costs_nothing_of_the_others(address: str, frames: Frames) -> None:
    first, second = SharedCalculator(address, "emt"), SharedCalculator(address, "emt")
    del first
    assert second.predict(frames).energy is not None


def test_without_the_other_process_predictions_end(frames: Frames) -> None:
    with TemporaryDirectory() as folder:
        server = CalculatorServer({"emt": EMT()}, Path(folder))
        server.close()
        with pytest.raises(PredictionError, match="process that holds the calculator emt"):
            SharedCalculator(server.address, "emt")


def test_it_serves_for_a_while_only() -> None:
    start = time.monotonic()
    with TemporaryDirectory() as folder, CalculatorServer({}, Path(folder)) as server:
        server.serve(0.05)
    assert 0.05 <= time.monotonic() - start < 5.0


def test_a_path_that_is_too_long_says_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    with pytest.raises(UsageError, match="Set TMPDIR to a folder with a short path"):
        CalculatorServer({"emt": EMT()}, folder)
    # Without calculators there is no socket.
    CalculatorServer({}, folder).close()


def test_only_the_python_interface_passes_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)
    with pytest.raises(UsageError, match=r"write a file calc\.py"):
        parse_spec("object:EMT")
    monkeypatch.setenv(ADDRESS_VARIABLE, "/somewhere")
    spec = parse_spec("object:my <EMT>")
    assert (spec.kind, spec.name, spec.architecture, spec.path) == (
        "object",
        "my <EMT>",
        "ase",
        None,
    )
    assert server_address(spec.text) == "/somewhere"
