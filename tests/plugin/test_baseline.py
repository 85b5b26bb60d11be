"""A run against accepted numbers, and a run whose numbers are accepted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.baseline.document import Baseline
from ms25_suite.cli.main import main

Calc = Callable[..., str]
Document = Callable[..., dict[str, Any]]

WORSE = "results['forces'] = results['forces'] * 1.012"
WITHIN = "results['forces'] = results['forces'] * 1.01003"
ACCEPTED = "results['forces'] = results['forces'] * 1.01"
ONLY = ("-m", "error_thresholds")

pytestmark = pytest.mark.usefixtures("no_drawing")


@pytest.fixture
def accepted(pytester: pytest.Pytester, cuni: Path, calc: Calc) -> Path:
    """Numbers of a potential whose forces are 1 % off."""
    done = pytester.runpytest(
        f"--mlip={calc(ACCEPTED, 'first')}",
        f"--dataset={cuni}",
        "--ms25-save-baseline=base.json",
        "--ms25-baseline-reason=the first one",
        *ONLY,
    )
    assert done.ret == pytest.ExitCode.OK
    return pytester.path / "base.json"


def changes(document: dict[str, Any], metric: str = "mae") -> dict[str, str]:
    return {
        result["quantity"]: result["change"]["verdict"]
        for result in document["results"]
        if result["metric"] == metric and result["change"]
    }


def test_what_is_accepted(accepted: Path) -> None:
    found = Baseline.read(accepted)
    assert accepted.stat().st_size < 100_000
    assert found.accepted[0].reason == "the first one"
    assert found.potentials == ("first",)
    paired = {(entry.quantity, entry.metric) for entry in found.numbers if entry.sample is not None}
    quantities = ("energy", "forces", "stress")
    assert paired == {(name, metric) for name in quantities for metric in ("mae", "rmse")}
    # The report folder has the same numbers, without the reason.
    assert Baseline.read(accepted.parent / "reports").numbers == found.numbers


@pytest.mark.parametrize(
    "processes",
    [pytest.param((), id="one process"), pytest.param(("-n2",), id="two", marks=pytest.mark.slow)],
)
def test_worse_fails_and_within_the_allowance_passes(
    pytester: pytest.Pytester,
    cuni: Path,
    calc: Calc,
    accepted: Path,
    document: Document,
    processes: tuple[str, ...],
) -> None:
    arguments = (f"--dataset={cuni}", f"--ms25-baseline={accepted}", *ONLY, *processes)
    done = pytester.runpytest(f"--mlip={calc(WORSE, 'second')}", *arguments)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    found = document()
    assert changes(found) == {"energy": "same", "forces": "worse", "stress": "same"}
    (forces,) = (
        one for one in found["results"] if (one["quantity"], one["metric"]) == ("forces", "mae")
    )
    # Within its threshold, but not within the allowance.
    assert forces["value"] < forces["threshold"]
    assert forces["verdict"] == "fail"
    assert forces["reason"].startswith("since the baseline: worse, +")
    assert forces["change"]["paired"]
    done.stdout.fnmatch_lines(["*since the baseline base.json of 20*: * same, * worse*"])
    done.stdout.fnmatch_lines(["*since*"])
    done = pytester.runpytest(f"--mlip={calc(WITHIN, 'third')}", *arguments)
    assert done.ret == pytest.ExitCode.OK
    assert set(changes(document()).values()) == {"same"}


def test_allowances_of_the_user(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, accepted: Path
) -> None:
    arguments = (f"--mlip={calc(WORSE)}", f"--dataset={cuni}", f"--ms25-baseline={accepted}", *ONLY)
    done = pytester.runpytest(*arguments, "--ms25-fail-if=forces:25%,error_thresholds:60%")
    assert done.ret == pytest.ExitCode.OK
    done = pytester.runpytest(*arguments, "--ms25-fail-if=*:60%", "--ms25-fail-if=forces:5%")
    assert done.ret == pytest.ExitCode.TESTS_FAILED


def test_a_baseline_is_not_made_worse_by_the_way(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, accepted: Path
) -> None:
    before = accepted.read_bytes()
    own = (f"--dataset={cuni}", *ONLY)
    both = (f"--ms25-baseline={accepted}", f"--ms25-save-baseline={accepted}")
    done = pytester.runpytest(f"--mlip={calc(WORSE)}", *own, *both)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.stdout.fnmatch_lines(["no baseline was written to *: worse than the former one is *"])
    assert accepted.read_bytes() == before
    # A part of a run replaces no whole one.
    done = pytester.runpytest(
        f"--mlip={calc(ACCEPTED)}", *own, "-k", "energy", f"--ms25-save-baseline={accepted}"
    )
    assert done.ret == pytest.ExitCode.INTERNAL_ERROR
    done.stdout.fnmatch_lines(["no baseline was written to *numbers that this run has not*"])
    assert accepted.read_bytes() == before
    # Whoever means it says why.
    assert main(["baseline", "update", str(accepted), "reports", "--reason", "meant"]) == 0
    assert {one.reason for one in Baseline.read(accepted).accepted} == {"the first one", "meant"}


def test_strict_takes_undecided_for_worse(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, accepted: Path
) -> None:
    noise = "results['forces'] = results['forces'] * (1.01 + 0.0004 * (-1) ** Calculator.frame)"
    arguments = (f"--mlip={calc(noise)}", f"--dataset={cuni}", f"--ms25-baseline={accepted}")
    rule = ("--ms25-fail-if=*:900%", "--ms25-fail-if=error_thresholds.forces:0.1%")
    done = pytester.runpytest(*arguments, *rule, "-m", "error_thresholds", "-k", "forces")
    assert done.ret == pytest.ExitCode.OK
    done = pytester.runpytest(
        *arguments, *rule, "-m", "error_thresholds", "-k", "forces", "--ms25-strict"
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
