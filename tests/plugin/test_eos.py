"""A potential whose minimum is elsewhere fails that check, and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.io import read, write

from ms25_suite.plugin.outcome import NOT_RUN
from tests.helpers.emt_data import crystals, save, strained

Calc = Callable[..., str]
Documents = Callable[..., dict[str, Any]]

CARD = """reference_calculator = "ase.calculators.emt:EMT"
[eos]
files = ["curves.extxyz"]
observable = "lattice_constant"
atoms_per_cell = 4
"""
VOLUME = "self.atoms.get_volume() / len(self.atoms)"


@pytest.fixture(scope="session")
def alloys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames of one volume, and the curves of four compositions."""
    folder = tmp_path_factory.mktemp("alloys")
    images = crystals("fcc", (1, 1, 1), 24, a=3.6, seed=1)
    for atoms in images:
        # Of one volume, so that a pressure is nowhere an error of the energy.
        atoms.set_cell([3.6] * 3, scale_atoms=True)
    from ase.calculators.emt import EMT

    for atoms in images:
        atoms.calc = EMT()
        atoms.info["REF_energy"] = atoms.get_potential_energy()
        atoms.arrays["REF_forces"] = atoms.get_forces()
        atoms.info["REF_stress"] = atoms.get_stress()
        atoms.calc = None
    save(folder, "cuni", images, CARD)
    curves = [strained([28] * n + [29] * (4 - n), f"Ni{n}", a=3.56) for n in range(1, 5)]
    write(folder / "curves.extxyz", [atoms for curve in curves for atoms in curve])
    return folder


def found_in(document: dict[str, Any], criterion: str = "eos") -> dict[str, dict[str, Any]]:
    return {r["quantity"]: r for r in document["results"] if r["criterion"] == criterion}


def test_the_reference_passes(pytester: pytest.Pytester, alloys: Path, document: Documents) -> None:
    done = pytester.runpytest("--mlip=reference", f"--dataset={alloys / 'cuni.toml'}")
    assert done.ret == pytest.ExitCode.OK
    done.assert_outcomes(passed=4)
    found = found_in(document())
    assert {name: r["verdict"] for name, r in found.items()} == {
        "lattice_constant": "pass",
        "bulk_modulus": "pass",
        "unfit_curves": "pass",
    }
    constant = found["lattice_constant"]
    assert constant["value"] < 1e-6
    assert (constant["unit"], constant["threshold"], constant["n_frames"]) == ("Å", 0.05, 28)
    curves = constant["details"]["eos"]["curves"]
    assert [curve["name"] for curve in curves] == ["Ni1", "Ni2", "Ni3", "Ni4"]
    assert 3.4 < curves[0]["reference_value"] < 3.7
    html = (pytester.path / "reports" / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="eos">' in html


def test_a_shifted_minimum_fails_though_the_errors_pass(
    pytester: pytest.Pytester, alloys: Path, calc: Calc, document: Documents
) -> None:
    """A pressure moves the minimum; the errors on frames of one volume stay as they are."""
    potential = calc(f"results['energy'] += len(self.atoms) * 0.07 * ({VOLUME} - 3.6**3 / 4)")
    done = pytester.runpytest(f"--mlip={potential}", f"--dataset={alloys / 'cuni.toml'}")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.assert_outcomes(passed=3, failed=1)
    whole = document()
    assert {r["verdict"] for r in found_in(whole, "error_thresholds").values()} <= {"pass", None}
    found = found_in(whole)
    assert found["lattice_constant"]["verdict"] == "fail"
    assert found["unfit_curves"]["verdict"] == "pass"
    assert "largest -" in found["lattice_constant"]["reason"]
    errors = [curve["error"] for curve in found["lattice_constant"]["details"]["eos"]["curves"]]
    assert found["lattice_constant"]["value"] == pytest.approx(np.mean(np.abs(errors)))
    assert max(errors) < -0.05
    html = (pytester.path / "reports" / "report.html").read_text(encoding="utf-8")
    assert "errors pass, lattice constant fails" in html


def test_cells_without_minimum_are_a_failure_of_their_own(
    pytester: pytest.Pytester, alloys: Path, calc: Calc, document: Documents
) -> None:
    terms = {
        "rising": (f"results['energy'] += 40 * {VOLUME}", "collapsed (the energy only rises"),
        "falling": (f"results['energy'] -= 40 * {VOLUME}", "exploded (the energy only falls"),
        "flat": ("results['energy'] = 1.0", "no minimum"),
    }
    potentials = [f"--mlip={calc(term, name)}" for name, (term, _) in terms.items()]
    done = pytester.runpytest(*potentials, f"--dataset={alloys / 'cuni.toml'}", "-m", "eos")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.assert_outcomes(failed=3)
    for name, (_, kind) in terms.items():
        own = [r for r in document()["results"] if r["potential"] == name]
        found = found_in({"results": own})
        assert set(found) == {"lattice_constant", "unfit_curves"}
        assert found["unfit_curves"]["value"] == 4
        constant = found["lattice_constant"]
        assert (constant["verdict"], constant["value"]) == ("fail", None)
        reason = constant["reason"]
        assert reason.startswith(f"4 of 4 curves cannot be fitted: 4 with {kind}")
        assert found["unfit_curves"]["reason"] == reason


def test_a_curve_with_a_point_that_is_no_number_is_counted_and_the_rest_is_judged(
    pytester: pytest.Pytester, alloys: Path, calc: Calc, document: Documents
) -> None:
    lost = f"(self.atoms.numbers == 28).all() and {VOLUME} < 10"
    body = f"results['energy'] = np.nan if {lost} else results['energy']"
    done = pytester.runpytest(
        f"--mlip={calc(body)}", f"--dataset={alloys / 'cuni.toml'}", "-m", "eos"
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    found = found_in(document())
    assert found["lattice_constant"]["verdict"] == "pass"
    assert "over the 3 of 4 curves with a minimum" in found["lattice_constant"]["reason"]
    assert (found["unfit_curves"]["verdict"], found["unfit_curves"]["value"]) == ("fail", 1)
    assert "1 with energies that are not finite; Ni4: " in found["unfit_curves"]["reason"]
    (curve,) = (c for c in found["lattice_constant"]["details"]["eos"]["curves"] if c["failure"])
    assert curve["failure"] == "not-finite"
    assert curve["predicted"][0] is None
    assert curve["predicted"][-1] is not None


def test_a_relaxed_curve_is_asked_for_by_an_option(
    pytester: pytest.Pytester, alloys: Path, document: Documents
) -> None:
    images = read(alloys / "curves.extxyz", ":7")
    for atoms in images:
        atoms.info["relaxed"] = True
        # The reference relaxes them back.
        atoms.positions[0] += 0.05
    write(pytester.path / "curves.extxyz", images)
    (pytester.path / "cuni.toml").write_text((alloys / "cuni.toml").read_text())
    (pytester.path / "cuni.extxyz").write_bytes((alloys / "cuni.extxyz").read_bytes())
    asked = ("--mlip=reference", "--dataset=cuni.toml", "-m", "eos")
    done = pytester.runpytest(*asked, "-rs")
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    assert (
        "has curves with relaxed atoms only: add --eos-relax" in document()["results"][0]["reason"]
    )
    done = pytester.runpytest(*asked, "--eos-relax")
    assert done.ret == pytest.ExitCode.OK
    found = found_in(document())
    assert found["relaxed_lattice_constant"]["value"] < 1e-3
    assert found["relaxed_unfit_curves"]["verdict"] == "pass"


def test_bad_curves_are_errors_of_the_check(
    pytester: pytest.Pytester, alloys: Path, document: Documents
) -> None:
    images = read(alloys / "curves.extxyz", ":4")
    write(pytester.path / "curves.extxyz", images)
    (pytester.path / "cuni.toml").write_text((alloys / "cuni.toml").read_text())
    (pytester.path / "cuni.extxyz").write_bytes((alloys / "cuni.extxyz").read_bytes())
    done = pytester.runpytest("--mlip=reference", "--dataset=cuni.toml", "-m", "eos")
    assert done.ret == NOT_RUN
    (result,) = document()["results"]
    assert (result["quantity"], result["metric"]) == ("lattice_constant", "error")
    assert result["verdict"] == "error"
    assert "expected at least 5 volumes, found 4" in result["reason"]


def test_a_dataset_without_curves_says_so_if_asked(
    pytester: pytest.Pytester, cuni: Path, document: Documents
) -> None:
    done = pytester.runpytest("--mlip=ase.calculators.emt:EMT", f"--dataset={cuni}", "-m", "eos")
    done.assert_outcomes(skipped=1)
    assert document()["results"][0]["reason"].startswith("cuni has no curves of an equation of")
