"""Baselines, and errors of frames to compare."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from typing import Any

import numpy as np

from ms25_suite.baseline.document import Baseline
from ms25_suite.baseline.samples import FrameSample
from ms25_suite.core.frames import FloatArray, IntArray
from ms25_suite.core.machine import Machine
from ms25_suite.core.records import DatasetRecord, PotentialRecord, RunRecord
from ms25_suite.core.results import CheckResult
from ms25_suite.metrics.intervals import mean_interval
from tests.helpers.reports import make_result

MACHINE = Machine(platform="Linux", cpu="some CPU", n_cpu=4, python="3.12.1")

DATA = "d" * 64


def run_of(name: str = "mace-β", **changes: Any) -> RunRecord:
    """A run of one potential on one dataset."""
    values: dict[str, Any] = {
        "id": "run-1",
        "started": "2026-01-02T03:04:05Z",
        "suite_version": "0.1.0",
        "command": ("pytest", "--mlip=/home/person/model.pt"),
        "device": "cpu",
        "dtype": "float64",
        "machine": MACHINE,
        "potentials": (
            PotentialRecord(
                name=name, spec="/home/person/model.pt", path="/home/person/model.pt", sha256="a"
            ),
        ),
        "datasets": (DatasetRecord(name="mgo", tier="mini", n_frames=9, n_test=9, sha256=DATA),),
    }
    return RunRecord(**(values | changes))


def sample_of(errors: FloatArray, groups: IntArray | None = None, key: str = "x") -> FrameSample:
    """Errors of frames with ten components each."""
    digest = hashlib.sha256(f"{key}{len(errors)}".encode()).hexdigest()
    return FrameSample(digest, errors, np.full(len(errors), 10), groups)


def result_of(sample: FrameSample, **changes: Any) -> CheckResult:
    """The mean absolute error of a sample, or its root mean square error."""
    totals = sample.errors ** (2 if sample.squared else 1) * sample.counts
    found = mean_interval(totals, sample.counts, sample.groups)
    if sample.squared:
        ends = None if found.interval is None else tuple(map(math.sqrt, found.interval))
        found = replace(found, value=math.sqrt(found.value), interval=ends)
    values = {"value": found.value, "interval": found.interval, "n_frames": len(sample.errors)}
    return make_result(**(values | changes))


def baseline_of(
    *results: CheckResult, sample: FrameSample | None = None, run: RunRecord | None = None
) -> Baseline:
    """Results as accepted numbers; the first one has the sample."""
    samples = {} if sample is None else {results[0].key: sample.packed()}
    return Baseline.of(run or run_of(), results, samples, date="2026-01-02", reason="a test")
