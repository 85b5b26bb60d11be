"""A second run of the same checks asks the potential for nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from ase.io import read, write

from tests.helpers.copper import make_copper

pytestmark = pytest.mark.mace

CRITERIA = (
    "error_thresholds or size_extensivity or framework_transfer or eos or neb_barrier or stability"
)


@pytest.fixture
def copper(tmp_path: Path) -> Path:
    card = make_copper(tmp_path)
    curve = read(tmp_path / "curve.extxyz", ":")
    for atoms in list(curve):
        relaxed = atoms.copy()
        relaxed.info |= {"curve": "Cu-relaxed", "relaxed": True}
        # What relaxes must not start in a minimum.
        relaxed.positions[0] += 0.03
        curve.append(relaxed)
    write(tmp_path / "curve.extxyz", curve)
    return card


def test_all_predictions_of_a_second_run_come_from_the_cache(
    pytester: pytest.Pytester, tiny_mace: Path, copper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those of bands, relaxations and trajectories: the same steps ask for the same frames."""
    # An untrained model has weak forces: at the usual marks nothing would move.
    monkeypatch.setattr("ms25_suite.metrics.neb.FMAX", 1e-5)
    monkeypatch.setattr("ms25_suite.criteria.eos.measure.RELAXED_FMAX", 1e-5)
    monkeypatch.setattr("ms25_suite.criteria.eos.measure.RELAXED_STEPS", 4)
    cache = pytester.path / "cache"
    monkeypatch.setenv("MS25_CACHE_DIR", str(cache))
    model = pytester.path / "tiny.model"
    shutil.copy(tiny_mace, model)
    asked = ("--mlip=tiny.model", f"--dataset={copper}", "-m", CRITERIA, "--eos-relax")
    steps = ("--neb-steps=4", "--md-steps=20")

    def run() -> list[dict[str, Any]]:
        # Which of them it passes is not asked here.
        pytester.runpytest(*asked, *steps)
        document = json.loads((pytester.path / "reports" / "results.json").read_text())
        results: list[dict[str, Any]] = document["results"]
        for result in results:
            del result["duration_s"], result["artifact"]
        return results

    first = run()
    kept = sorted(cache.rglob("*.npz"))
    # At least one for each step of both ends, of the band and of the trajectories.
    assert len(kept) > 30

    def never(*_: object, **__: object) -> None:
        msg = "a worker was asked"
        raise AssertionError(msg)

    monkeypatch.setattr("ms25_suite.potentials.workers.pool.WorkerPool.start", never)
    monkeypatch.setattr("ms25_suite.potentials.workers.pool.WorkerPool.predict", never)
    second = run()
    assert second == first
    assert sorted(cache.rglob("*.npz")) == kept
    judged = {result["criterion"] for result in first if result["verdict"] not in ("error", "skip")}
    assert judged == set(CRITERIA.split(" or "))
    assert not [result for result in first if result["verdict"] == "error"]
    steps_taken = [
        result["details"]["neb"]["steps"] for result in first if "neb" in result["details"]
    ]
    assert steps_taken == [4]
