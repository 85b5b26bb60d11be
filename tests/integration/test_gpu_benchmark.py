"""The benchmark for GPUs, in small on the CPU."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.gpu.__main__ import main
from tests.benchmarks.gpu.plan import Plan
from tests.benchmarks.gpu.report import Report
from tests.helpers.tiny_ani import CONFIG, tiny_network


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with an ANI network for the frames of the benchmark."""
    from ms25_suite.architectures.ani.file import write_network

    config = replace(CONFIG, symbols=("O", "Si"))
    folder = tmp_path / "models"
    folder.mkdir()
    write_network(folder / "ani-cha-paper.pt", tiny_network(config), config)
    return folder


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that wait for a busy core spin, and take many times as long."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def run(out: Path, models: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    options = ["--device=cpu", "--small", "--architectures", "ani", f"--models={models}"]
    status = main([*options, f"--out={out}", *arguments])
    return status, json.loads(out.read_text())


@pytest.mark.slow
@pytest.mark.ani
@pytest.mark.lammps
def test_in_small_on_the_cpu(tmp_path: Path, models: Path) -> None:
    status, content = run(tmp_path / "out.json", models, "--dtypes", "float64")
    assert status == 0
    assert content["finished"]
    rows = {row["case"]: row for row in content["results"]}
    failures = {case for case, row in rows.items() if "failure" in row}
    assert failures == {"torchsim"}
    assert "TorchSim" in rows["torchsim"]["failure"]
    raw, predict, step = rows["raw"]["best"], rows["predict"], rows["lammps"]["sizes"]["108"]
    assert predict["n_atoms"] == 108 * predict["n_frames"]
    assert predict["ratio_raw"] == pytest.approx(predict["us_per_atom"] / raw["us_per_atom"])
    assert predict["us_per_atom"] == pytest.approx(1e6 * predict["s"] / predict["n_atoms"])
    assert step["ms_per_step"] >= step["model_ms"] > 0
    # What is timed is the same potential everywhere.
    assert step["route_forces_eV_per_A"] < 1e-9
    for pair in ("suite_and_package", "device_and_cpu"):
        assert rows["agreement"][pair]["forces_eV_per_A"] < 1e-9
        assert rows["agreement"][pair]["stress_eV_per_A3"] < 1e-11
    assert rows["agreement"]["suite_and_package"]["forces_rms_eV_per_A"] > 1e-3
    shares = rows["parts"]["shares"]
    assert 0 < shares["model"] < 1
    assert sum(shares.values()) < 1.001  # on the CPU nothing overlaps
    table = (tmp_path / "out.md").read_text()
    assert f"| {predict['ratio_raw']:.2f} " in table
    assert "TorchSim has no interface for ani" in table or "cannot be imported" in table


@pytest.mark.ani
def test_what_is_not_finished_in_time_is_recorded(tmp_path: Path, models: Path) -> None:
    status, content = run(tmp_path / "out.json", models, "--budget=1")
    assert status == 1
    assert content["finished"]
    (row,) = content["results"]
    assert row["failure"].startswith("stopped: its time was over")


@pytest.mark.ani
def test_a_model_that_cannot_be_read_is_recorded(tmp_path: Path, models: Path) -> None:
    (models / "ani-cha-paper.pt").write_bytes(b"nothing")
    status, content = run(tmp_path / "out.json", models, "--dtypes", "float64")
    assert status == 1
    assert all("failure" in row for row in content["results"])
    assert {row["case"] for row in content["results"]} >= {"raw", "predict", "lammps"}


def test_the_file_is_whole_after_each_line(tmp_path: Path) -> None:
    report = Report(tmp_path / "out.json", {})
    lines = tmp_path / "lines"
    lines.write_bytes(b'{"architecture": "mace", "case": "x", "dtype": "float32"}\n{"archi')
    end = report.read(lines, 0)
    content = json.loads((tmp_path / "out.json").read_text())
    assert len(content["results"]) == 1
    assert not content["finished"]
    with lines.open("ab") as file:
        file.write(b'tecture": "mace", "case": "y", "failure": "a | b\\nc"}\n')
    assert report.read(lines, end) == lines.stat().st_size
    assert len(json.loads((tmp_path / "out.json").read_text())["results"]) == 2
    assert "| mace |  | y | a / b c |" in (tmp_path / "out.md").read_text()


def test_results_of_two_environments_are_merged(tmp_path: Path) -> None:
    first = Report(tmp_path / "out.json", {})
    first.add({"architecture": "mace", "case": "x", "dtype": "float32"})
    first.finish()
    second = Report(tmp_path / "out.json", {}, merge=True)
    second.add({"architecture": "nequip", "case": "x", "dtype": "float32"})
    found = json.loads((tmp_path / "out.json").read_text())["results"]
    assert [row["architecture"] for row in found] == ["mace", "nequip"]
    assert second.has_numbers("mace")
    assert not second.has_numbers("ani")


def test_ratios_are_judged_by_the_targets(tmp_path: Path) -> None:
    report = Report(tmp_path / "out.json", {})
    key = {"architecture": "mace", "dtype": "float32"}
    best = {"n_atoms": 4000, "us_per_atom": 10.0, "peak_bytes": 2_000_000_000}
    report.add({**key, "case": "raw", "best": best})
    report.add({**key, "case": "predict", "us_per_atom": 12.0, "ratio_raw": 1.2, "n_frames": 9})
    report.add({**key, "case": "torchsim", "us_per_atom": 15.0})
    (row,) = [line for line in report.table().splitlines() if line.startswith("| mace")]
    assert "| 1.20 over |" in row
    assert "| 0.80 ok |" in row
    assert "| 2.00 |" in row


def test_a_plan_survives_a_command_line() -> None:
    plan = Plan(architecture="ani", device="cpu", seconds=math.pi)
    assert Plan.from_json(plan.to_json()) == plan
    assert Plan.from_json(plan.quick().to_json()) == plan.quick()
