"""A potential that errs in one framework only fails there, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.plugin.outcome import NOT_RUN
from tests.helpers.emt_data import crystals, save

Calc = Callable[..., str]
Documents = Callable[..., dict[str, Any]]

CARD = """
reference_calculator = "ase.calculators.emt:EMT"
[transfer]
to = ["bcc.toml", "sc.extxyz"]
"""

OPEN_ONLY = """
        from ase.neighborlist import neighbor_list
        i, d = neighbor_list("id", self.atoms, 3.3)
        few = np.bincount(i, minlength=len(self.atoms)) < 8
        results['forces'] = results['forces'] + 0.2 * few[:, None]
"""
"""An error of atoms with few neighbours, of which only the open framework has any."""


@pytest.fixture(scope="session")
def emt_frameworks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Crystals that name two others of their elements."""
    folder = tmp_path_factory.mktemp("frameworks")
    save(folder, "fcc", crystals("fcc", (2, 2, 1), 30), CARD)
    save(folder, "bcc", crystals("bcc", (2, 2, 2), 30, a=2.9))
    save(folder, "sc", crystals("sc", (3, 3, 2), 30, a=2.5))
    return folder


@pytest.mark.slow
def test_the_reference_holds_on_all_frameworks(
    pytester: pytest.Pytester, emt_frameworks: Path, document: Documents
) -> None:
    done = pytester.runpytest("--mlip=reference", f"--dataset={emt_frameworks / 'fcc.toml'}", "-n2")
    assert done.ret == pytest.ExitCode.OK
    done.assert_outcomes(passed=9)
    found = {
        (r["test_dataset"], r["quantity"]): r["verdict"]
        for r in document()["results"]
        if r["criterion"] == "framework_transfer" and r["test_dataset"] != "fcc"
    }
    names, quantities = ("bcc", "sc"), ("energy", "forces", "stress")
    assert found == {(name, quantity): "pass" for name in names for quantity in quantities}


def test_an_error_of_one_framework_is_found_there(
    pytester: pytest.Pytester, emt_frameworks: Path, calc: Calc, document: Documents
) -> None:
    potential = calc(OPEN_ONLY.strip())
    done = pytester.runpytest(f"--mlip={potential}", f"--dataset={emt_frameworks / 'fcc.toml'}")
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.assert_outcomes(passed=8, failed=1)
    results = document()["results"]
    failed = {
        (r["criterion"], r["test_dataset"], r["quantity"])
        for r in results
        if r["verdict"] == "fail"
    }
    assert failed == {("framework_transfer", "sc", "forces")}
    done.stdout.fnmatch_lines(["fail: forces MAE of calc on sc (from fcc) is 1*"])
    html = (pytester.path / "reports" / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="framework_transfer">' in html


def test_partners_that_cannot_be_used_are_errors_of_their_own(
    pytester: pytest.Pytester, emt_frameworks: Path, calc: Calc, document: Documents
) -> None:
    gold = bulk("Au", cubic=True)
    gold.calc = EMT()
    gold.info["REF_energy"], gold.arrays["REF_forces"] = 0.0, gold.get_forces()
    gold.calc = None
    save(pytester.path, "gold", [gold])
    save(pytester.path, "sc", crystals("sc", (2, 2, 2), 12, a=2.5))
    partners = '[transfer]\nto = ["gold.extxyz", "absent.extxyz", "sc.extxyz"]\n'
    save(pytester.path, "fcc", crystals("fcc", (1, 1, 1), 12), partners)
    done = pytester.runpytest(f"--mlip={calc()}", "--dataset=fcc.toml", "-m", "framework_transfer")
    assert done.ret == NOT_RUN
    done.assert_outcomes(passed=3, errors=6)
    reasons = {r["test_dataset"]: r["reason"] for r in document()["results"] if r["reason"]}
    assert (
        "also holds Au: a potential trained on Ni Cu alone cannot describe them" in reasons["gold"]
    )
    assert "there is no file or folder" in reasons["absent"]
