from __future__ import annotations

from typing import Any

import execnet
import pytest

from ms25_suite.potentials.workers.jobs import (
    BaselineJob,
    CalculatorJob,
    FrameworkJob,
    Job,
    ModelJob,
    ObjectJob,
    UntrainedJob,
    job_from_wire,
    job_to_wire,
)

MODEL = ModelJob(
    implementation="package.module:Class",
    path="/some/model",
    sha256="ab",
    device="cpu",
    dtype="float64",
    batch_atoms=512,
    species=("Ni", "Cu"),
)


@pytest.mark.parametrize(
    "job",
    [
        MODEL,
        UntrainedJob("package.module:Class"),
        CalculatorJob("ase.calculators.emt:EMT"),
        ObjectJob(address="/some/socket", name="my EMT"),
        CalculatorJob("/some/caf\udce9.py"),
        FrameworkJob(
            "m:load", {"framework": "chgnet", "weights": "/caf\udce9"}, "cuda", 128, "why"
        ),
        BaselineJob({"elements": [1], "energies": [0.5], "stress": None}),
    ],
    ids=range(7),
)
def test_a_job_arrives_as_it_was_sent(job: Job) -> None:
    sent = execnet.loads(execnet.dumps(job_to_wire(job)))
    assert job_from_wire(sent) == job


@pytest.mark.parametrize("message", [{}, {"kind": "modell"}])
def test_an_unknown_kind_is_named(message: dict[str, Any]) -> None:
    with pytest.raises(
        ValueError,
        match="one of the kinds model, untrained, calculator, framework, object, baseline",
    ):
        job_from_wire(message)
