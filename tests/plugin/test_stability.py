"""A potential that heats, or whose atoms collapse, fails that check, and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ase.io import read

from tests.helpers.emt_data import crystals, save
from tests.helpers.runs import left_out

Calc = Callable[..., str]
Documents = Callable[..., dict[str, Any]]

ASKED = ("-m", "stability", "--md-steps=30")


@pytest.fixture(scope="session")
def metal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small crystals of Cu-Ni."""
    folder = tmp_path_factory.mktemp("metal")
    save(folder, "metal", crystals("fcc", (1, 1, 1), 8, a=3.5, rattle=0.02))
    return folder / "metal.extxyz"


def found_in(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {r["quantity"]: r for r in document["results"] if r["criterion"] == "stability"}


def test_a_potential_that_conserves_its_energy_passes(
    pytester: pytest.Pytester, metal: Path, document: Documents
) -> None:
    done = pytester.runpytest("--mlip=ase.calculators.emt:EMT", f"--dataset={metal}", *ASKED)
    assert done.ret == pytest.ExitCode.OK
    found = found_in(document())
    assert {name: r["verdict"] for name, r in found.items()} == {
        "energy_drift": "pass",
        "temperature_shift": None,
        "broken_runs": "pass",
    }
    assert found["broken_runs"]["reason"] == "all 8 runs lasted (NVE and NVT)"
    drift = found["energy_drift"]
    assert (drift["unit"], drift["n_frames"]) == ("meV/atom/ps", 4)
    details = drift["details"]["dynamics"]
    assert details["timestep_fs"] == 1.0
    assert [run["broken"] for run in details["runs"]] == [""] * 4
    assert len(details["times"]) == len(details["runs"][0]["energies"]) == 31
    shift = found["temperature_shift"]
    assert shift["unit"] == "K"
    # The frames do not say at which temperature they were sampled.
    assert " K of 300 K (± " in shift["reason"]
    low, high = shift["interval"]
    assert low < shift["value"] < high
    details = shift["details"]["dynamics"]
    assert (details["ensemble"], len(details["runs"][3]["temperatures"])) == ("nvt", 31)
    html = (pytester.path / "reports" / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="stability">' in html


def test_forces_that_are_no_derivative_of_the_energy_heat(
    pytester: pytest.Pytester, metal: Path, calc: Calc, document: Documents
) -> None:
    noise = calc("results['forces'] = results['forces'] + rng.normal(0, 0.4, (len(self.atoms), 3))")
    done = pytester.runpytest(f"--mlip={noise}", f"--dataset={metal}", *ASKED)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    found = found_in(document())
    assert found["energy_drift"]["verdict"] == "fail"
    assert found["energy_drift"]["value"] > 5
    assert found["broken_runs"]["verdict"] == "pass"


def test_atoms_that_collapse_end_their_run(
    pytester: pytest.Pytester, metal: Path, calc: Calc, document: Documents
) -> None:
    """Repulsion turned into attraction: what is close comes closer."""
    potential = calc("results['forces'] = -4 * results['forces']")
    done = pytester.runpytest(
        f"--mlip={potential}",
        f"--dataset={metal}",
        *ASKED,
        "--md-ensembles=nve",
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    found = found_in(document())
    assert (found["energy_drift"]["verdict"], found["energy_drift"]["value"]) == ("fail", None)
    broken = found["broken_runs"]
    assert (broken["verdict"], broken["value"], broken["threshold"]) == ("fail", 4, 0)
    assert broken["reason"].startswith("4 runs ended early: NVE from frame ")
    assert "temperature_shift" not in found
    kept = read(pytester.path / "reports" / broken["artifact"], ":")
    assert [atoms.info["ensemble"] for atoms in kept] == ["nve"] * 4
    steps = [run["broken_step"] for run in found["energy_drift"]["details"]["dynamics"]["runs"]]
    assert [atoms.info["step"] for atoms in kept] == steps
    assert all(0 < step < 30 for step in steps)


def test_a_frame_without_finite_numbers_ends_its_own_run_only(
    pytester: pytest.Pytester, metal: Path, calc: Calc, document: Documents
) -> None:
    lost = "Calculator.frame > 40 and self.atoms.cell[0, 0] > 3.55"
    potential = calc(f"results['energy'] = np.nan if {lost} else results['energy']")
    done = pytester.runpytest(
        f"--mlip={potential}",
        f"--dataset={metal}",
        *ASKED,
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    broken = found_in(document())["broken_runs"]
    assert 1 <= broken["value"] < 8
    assert "the energy or a force is not finite" in broken["reason"]


def test_the_ensembles_are_those_of_the_command_line(
    pytester: pytest.Pytester, metal: Path, document: Documents
) -> None:
    emt = ("--mlip=ase.calculators.emt:EMT", f"--dataset={metal}")
    done = pytester.runpytest(*emt, "-m", "stability", "--md-steps=20", "--md-ensembles=NVT")
    assert done.ret == pytest.ExitCode.OK
    found = found_in(document())
    assert set(found) == {"temperature_shift", "broken_runs"}
    assert found["broken_runs"]["reason"] == "all 4 runs lasted (NVT)"
    first = found["temperature_shift"]["value"]
    pytester.runpytest(*emt, "-m", "stability", "--md-steps=20", "--md-ensembles=nvt")
    assert found_in(document())["temperature_shift"]["value"] == first
    more = ("--md-ensembles=nvt", "--md-steps=20", "--ms25-seed=1")
    pytester.runpytest(*emt, "-m", "stability", *more)
    assert found_in(document())["temperature_shift"]["value"] != first


@pytest.mark.parametrize("text", ["npt", "nve,", ""])
def test_an_unknown_ensemble_is_refused(pytester: pytest.Pytester, metal: Path, text: str) -> None:
    option = f"--md-ensembles={text}"
    done = pytester.runpytest("--mlip=ase.calculators.emt:EMT", f"--dataset={metal}", option)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"*{option}: expected one or more of nve, nvt*"])


@pytest.mark.usefixtures("asked_by_default")
def test_dynamics_are_asked_for_by_name_only(pytester: pytest.Pytester, metal: Path) -> None:
    done = pytester.runpytest("--mlip=ase.calculators.emt:EMT", f"--dataset={metal}", "--co", "-q")
    done.stdout.no_fnmatch_line("*test_stability*")
    assert "stability" in left_out(done.stdout.str())


@pytest.mark.parametrize("option", ["--md-steps=3", "--neb-steps=0"])
def test_too_few_steps_are_refused(pytester: pytest.Pytester, metal: Path, option: str) -> None:
    done = pytester.runpytest("--mlip=ase.calculators.emt:EMT", f"--dataset={metal}", option)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"*{option.partition('=')[0]} must be at least *"])
