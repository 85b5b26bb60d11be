"""Several potentials are judged as one, where they are one committee."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.emt_data import crystals, save
from tests.helpers.runs import left_out

Calc = Callable[..., str]
Documents = Callable[..., dict[str, Any]]

NOISE = """
        # The same for the same structure: what all members have in common, and what is their own.
        key = abs(int(1e6 * np.abs(self.atoms.positions).sum())) % 2**31
        common, own = (np.random.default_rng([key, k]) for k in (99, {member}))
        width = np.where(self.atoms.numbers == 28, 0.2, 0.05)[:, None]
        shape = width.shape[0], 3
        self.results['forces'] = self.results['forces'] + width * (
            common.normal(size=shape) + {scale} * own.normal(size=shape))
        self.results['energy'] += 0.01 * len(width) * own.normal()
"""
"""Forces on nickel are four times as wrong as those on copper, and the members know it."""


@pytest.fixture
def alloy(pytester: pytest.Pytester) -> str:
    save(Path(pytester.path), "alloy", crystals("fcc", (2, 1, 1), 40))
    return "alloy.extxyz"


def members(calc: Calc, name: str, count: int, scale: float = 1.0) -> None:
    for k in range(count):
        calc(NOISE.format(member=k, scale=scale).strip(), f"{name}_{k}")


def of_committee(document: dict[str, Any]) -> dict[tuple[str, str], Any]:
    found = [r for r in document["results"] if r["criterion"] == "committee"]
    return {(r["potential"], r["quantity"]): r for r in found}


@pytest.mark.slow
def test_files_of_one_name_are_judged_as_one(
    pytester: pytest.Pytester, alloy: str, calc: Calc, document: Documents
) -> None:
    """One knows where it is wrong; the other knows it too, and claims a tenth of its error."""
    members(calc, "good", 4)
    members(calc, "bold", 4, scale=0.1)
    done = pytester.runpytest(
        "--mlip=good_*.py", "--mlip=bold_*.py", f"--dataset={alloy}", "-m", "committee"
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    found = of_committee(document())
    assert {name for name, _ in found} == {"good", "bold"}
    good, bold = (found[name, "forces_warning"] for name in ("good", "bold"))
    assert (good["verdict"], bold["verdict"]) == ("pass", "pass")
    assert good["details"]["committee"]["members"] == [f"good_{k}" for k in range(4)]
    good, bold = (found[name, "forces_overconfidence"] for name in ("good", "bold"))
    assert (good["verdict"], bold["verdict"]) == ("pass", "fail")
    assert good["value"] == pytest.approx(1.0, abs=0.2)
    assert bold["value"] == pytest.approx(9.0, rel=0.2)
    page = (pytester.path / "reports" / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="committee">' in page
    assert "alloy, forces warning" in page
    assert {potential["name"] for potential in document()["run"]["potentials"]} >= {
        "good_0",
        "bold_3",
    }


@pytest.mark.usefixtures("asked_by_default", "no_drawing")
def test_a_plain_run_asks_where_there_are_three(
    pytester: pytest.Pytester, alloy: str, calc: Calc, document: Documents
) -> None:
    members(calc, "good", 3)
    # Of all that is asked by default, what compares with labels.
    chosen = ("-k", "not (consistency or smoothness or short_range or route_agreement)")
    pytester.runpytest("--mlip=good_*.py", f"--dataset={alloy}", *chosen)
    assert ("good", "forces_warning") in of_committee(document())
    two = ("--mlip=good_0.py", "--mlip=good_1.py", f"--dataset={alloy}")
    done = pytester.runpytest(*two, "--co")
    assert "test_committee" not in done.stdout.str()
    assert "committee" in left_out(done.stdout.str())


def test_who_asks_for_a_committee_of_two_is_told_what_it_needs(
    pytester: pytest.Pytester, alloy: str, calc: Calc, document: Documents
) -> None:
    members(calc, "good", 2)
    done = pytester.runpytest("--mlip=good_*.py", f"--dataset={alloy}", "-m", "committee")
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    (result,) = document()["results"]
    assert (result["potential"], result["verdict"]) == ("good", "skip")
    assert "at least 3 potentials" in result["reason"]
    assert "good_0 and good_1 are 2 potentials" in result["reason"]


def test_the_command_line_is_recorded_as_it_was_given(
    pytester: pytest.Pytester, alloy: str, calc: Calc, document: Documents
) -> None:
    members(calc, "good", 3)
    pytester.runpytest(
        "--mlip=good_*.py", f"--dataset={alloy}", "-m", "committee", "-k", "energy_warning"
    )
    run = document()["run"]
    assert "--mlip=good_*.py" in json.dumps(run)
    assert [p["spec"] for p in run["potentials"]] == ["good_0.py", "good_1.py", "good_2.py"]
