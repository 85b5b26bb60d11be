"""A potential that heats, or whose atoms collapse, fails that check, and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ase.io import read

Calc = Callable[..., str]
Documents = Callable[..., dict[str, Any]]

ASKED = ("-m", "stability", "--md-steps=60")


def found_in(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {r["quantity"]: r for r in document["results"] if r["criterion"] == "stability"}


def test_a_potential_that_conserves_its_energy_passes(
    pytester: pytest.Pytester, cuni: Path, document: Documents
) -> None:
    done = pytester.runpytest("--mlip=ase.calculators.emt:EMT", f"--dataset={cuni}", *ASKED)
    assert done.ret == pytest.ExitCode.OK
    found = found_in(document())
    assert {name: r["verdict"] for name, r in found.items()} == {
        "energy_drift": "pass",
        "broken_runs": "pass",
    }
    drift = found["energy_drift"]
    assert (drift["unit"], drift["n_frames"]) == ("meV/atom/ps", 4)
    details = drift["details"]["dynamics"]
    assert details["timestep_fs"] == 1.0
    assert [run["broken"] for run in details["runs"]] == [""] * 4
    assert len(details["times"]) == len(details["runs"][0]["energies"]) == 61
    html = (pytester.path / "reports" / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="stability">' in html


def test_forces_that_are_no_derivative_of_the_energy_heat(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, document: Documents
) -> None:
    noise = calc("results['forces'] = results['forces'] + rng.normal(0, 0.4, (len(self.atoms), 3))")
    done = pytester.runpytest(f"--mlip={noise}", f"--dataset={cuni}", *ASKED)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    found = found_in(document())
    assert found["energy_drift"]["verdict"] == "fail"
    assert found["energy_drift"]["value"] > 5
    assert found["broken_runs"]["verdict"] == "pass"


def test_atoms_that_collapse_end_their_run(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, document: Documents
) -> None:
    """Repulsion turned into attraction: what is close comes closer."""
    potential = calc("results['forces'] = -4 * results['forces']")
    done = pytester.runpytest(
        f"--mlip={potential}",
        f"--dataset={cuni}",
        *ASKED,
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    found = found_in(document())
    assert (found["energy_drift"]["verdict"], found["energy_drift"]["value"]) == ("fail", None)
    broken = found["broken_runs"]
    assert (broken["verdict"], broken["value"], broken["threshold"]) == ("fail", 4, 0)
    assert broken["reason"].startswith("4 runs ended early: from frame ")
    kept = read(pytester.path / "reports" / broken["artifact"], ":")
    assert len(kept) == 4
    steps = [run["broken_step"] for run in found["energy_drift"]["details"]["dynamics"]["runs"]]
    assert [atoms.info["step"] for atoms in kept] == steps
    assert all(0 < step < 60 for step in steps)


def test_a_frame_without_finite_numbers_ends_its_own_run_only(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, document: Documents
) -> None:
    lost = "Calculator.frame > 20 and Calculator.frame % 4 == 1"
    potential = calc(f"results['energy'] = np.nan if {lost} else results['energy']")
    done = pytester.runpytest(
        f"--mlip={potential}",
        f"--dataset={cuni}",
        *ASKED,
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    broken = found_in(document())["broken_runs"]
    assert broken["value"] >= 1
    assert "the energy or a force is not finite" in broken["reason"]


def test_dynamics_are_asked_for_by_name_only(pytester: pytest.Pytester, cuni: Path) -> None:
    done = pytester.runpytest("--mlip=ase.calculators.emt:EMT", f"--dataset={cuni}", "--co", "-q")
    done.stdout.no_fnmatch_line("*test_stability*")
    done.stdout.fnmatch_lines(["left out: *stability, throughput (-m NAME asks for it*"])


@pytest.mark.parametrize("option", ["--md-steps=3", "--neb-steps=0"])
def test_too_few_steps_are_refused(pytester: pytest.Pytester, cuni: Path, option: str) -> None:
    done = pytester.runpytest("--mlip=ase.calculators.emt:EMT", f"--dataset={cuni}", option)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"*{option.partition('=')[0]} must be at least *"])
