"""The exit code is a gate: it is open only for what was judged, and passed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.io import write

Calc = Callable[..., str]
Results = Callable[..., dict[tuple[str, str, str, str], Any]]
Document = Callable[..., dict[str, Any]]

BROKEN = "results['forces'] = results['forces'] * 1.5"


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--assert=plain",), id="one process"),
        pytest.param(("--assert=plain", "-n2"), id="two", marks=pytest.mark.slow),
    ],
)
def test_a_failure_fails_also_without_assertions(
    pytester: pytest.Pytester,
    cuni: Path,
    calc: Calc,
    results: Results,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
) -> None:
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    done = pytester.runpytest_subprocess(f"--mlip={calc(BROKEN)}", f"--dataset={cuni}", *arguments)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    verdicts = {key[2]: result["verdict"] for key, result in results().items() if key[3] == "mae"}
    assert verdicts == {"energy": "pass", "forces": "fail", "stress": "pass"}


def test_success_in_spite_of_a_failure_is_an_internal_error(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, document: Document
) -> None:
    """Another plugin, or a mark, may turn a failed check into a success of pytest."""
    pytester.makeconftest(
        """
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.xfail(reason="known"))
        """
    )
    done = pytester.runpytest(f"--mlip={calc(BROKEN)}", f"--dataset={cuni}")
    assert done.ret == pytest.ExitCode.INTERNAL_ERROR
    done.stdout.fnmatch_lines(["internal error: * recorded verdicts*forces of calc on cuni*xfail*"])
    assert document()["run"]["exit_status"] == pytest.ExitCode.INTERNAL_ERROR


def test_checks_that_nobody_ran_are_an_internal_error(
    pytester: pytest.Pytester, cuni: Path, calc: Calc
) -> None:
    pytester.makeconftest(
        """
        def pytest_runtest_protocol(item):
            return True if "forces" in item.name else None
        """
    )
    done = pytester.runpytest(f"--mlip={calc(BROKEN)}", f"--dataset={cuni}")
    assert done.ret == pytest.ExitCode.INTERNAL_ERROR
    done.stdout.fnmatch_lines(["internal error: *1 checks were selected and recorded nothing*"])


def test_the_verdicts_cannot_be_switched_off_alone(
    pytester: pytest.Pytester, cuni: Path, calc: Calc
) -> None:
    done = pytester.runpytest(f"--mlip={calc()}", f"--dataset={cuni}", "-p", "no:ms25_session")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*-p no:ms25_session switches the verdicts off*"])


def test_a_projects_own_tests_alone_judge_no_potential(
    pytester: pytest.Pytester, cuni: Path, calc: Calc
) -> None:
    theirs = pytester.makepyfile("def test_theirs(): pass")
    done = pytester.runpytest(f"--mlip={calc()}", f"--dataset={cuni}", theirs)
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["nothing was judged: *Leave their paths out*"])


def test_a_projects_own_tests_run_beside_the_checks(
    pytester: pytest.Pytester, cuni: Path, calc: Calc
) -> None:
    theirs = pytester.makepyfile("def test_theirs(): pass")
    both = (f"--dataset={cuni}", "--pyargs", "ms25_suite.checks", theirs)
    done = pytester.runpytest(f"--mlip={calc()}", *both)
    assert done.ret == pytest.ExitCode.OK
    done.assert_outcomes(passed=4)


@pytest.mark.parametrize("arguments", [("-k", "nothing"), ("-m", "slow")], ids=["-k", "-m"])
def test_checks_that_are_all_left_out_judge_nothing(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, arguments: tuple[str, ...]
) -> None:
    done = pytester.runpytest(f"--mlip={calc()}", f"--dataset={cuni}", *arguments)
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    done.stdout.fnmatch_lines(["nothing was judged: no check was run*"])


def test_forces_that_nobody_judged_are_no_success(
    pytester: pytest.Pytester, cuni_images: list[Atoms], calc: Calc, document: Document
) -> None:
    images = [atoms.copy() for atoms in cuni_images]
    for atoms in images:
        del atoms.arrays["REF_forces"]
    write(pytester.path / "data.extxyz", images)
    arguments = (f"--mlip={calc(BROKEN)}", "--dataset=data.extxyz", "--ms25-strict")
    done = pytester.runpytest(*arguments)
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    done.assert_outcomes(passed=2, skipped=1)
    done.stdout.fnmatch_lines(["not judged: forces of calc on data (error_thresholds): *"])
    (gap,) = [result for result in document()["results"] if result["unjudged"]]
    assert (gap["quantity"], gap["verdict"]) == ("forces", "skip")
    assert '[labels] forces = "none"' in gap["reason"]
    page = (pytester.path / "reports" / "report.html").read_text(encoding="utf-8")
    assert "Not judged: forces of calc on data" in page
    # The user can say that it is meant so.
    (pytester.path / "data.toml").write_text('[labels]\nforces = "none"\n')
    done = pytester.runpytest(*arguments)
    assert done.ret == pytest.ExitCode.OK
    done.assert_outcomes(passed=2, skipped=1)


def test_a_skip_by_a_mark_leaves_a_gap(pytester: pytest.Pytester, cuni: Path, calc: Calc) -> None:
    pytester.makeconftest(
        """
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                if "forces" in item.name:
                    item.add_marker(pytest.mark.skip(reason="takes too long"))
        """
    )
    done = pytester.runpytest(f"--mlip={calc(BROKEN)}", f"--dataset={cuni}")
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    done.stdout.fnmatch_lines(["not judged: forces of calc on cuni*takes too long"])


@pytest.mark.parametrize(
    ("allowed", "status"),
    [
        ("forces", 0),
        ("error_thresholds.forces:data", 0),
        ("*", 0),
        ("stress,forces:data", 0),
        ("stress", 5),
        ("forces:other", 5),
        ("eos", 5),
    ],
)
def test_only_a_gap_that_is_named_may_stay(
    pytester: pytest.Pytester,
    cuni_images: list[Atoms],
    calc: Calc,
    document: Document,
    allowed: str,
    status: int,
) -> None:
    images = [atoms.copy() for atoms in cuni_images]
    for atoms in images:
        del atoms.arrays["REF_forces"]
    write(pytester.path / "data.extxyz", images)
    option = f"--ms25-allow-skip={allowed}"
    done = pytester.runpytest(f"--mlip={calc()}", "--dataset=data.extxyz", option)
    assert done.ret == status
    (gap,) = [result for result in document()["results"] if result["quantity"] == "forces"]
    assert gap["unjudged"] is (status == 5)
    assert ("allowed by --ms25-allow-skip=" in gap["reason"]) is (status == 0)


def test_gaps_everywhere_are_no_success_also_if_they_are_allowed(
    pytester: pytest.Pytester, cuni: Path, calc: Calc
) -> None:
    pytester.makeconftest(
        """
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.skip(reason="takes too long"))
        """
    )
    done = pytester.runpytest(f"--mlip={calc()}", f"--dataset={cuni}", "--ms25-allow-skip=*")
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    done.stdout.fnmatch_lines(["nothing was judged: every check was skipped"])


def test_one_frame_decides_nothing(
    pytester: pytest.Pytester, cuni_images: list[Atoms], calc: Calc, results: Results
) -> None:
    write(pytester.path / "one.extxyz", cuni_images[:1])
    done = pytester.runpytest(f"--mlip={calc()}", "--dataset=one.extxyz")
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    verdicts = {result["verdict"] for key, result in results().items() if key[3] == "mae"}
    assert verdicts == {"undecided"}
    done.stdout.fnmatch_lines(["nothing was decided: every verdict is undecided*"])


@pytest.mark.usefixtures("no_drawing")
def test_not_run_is_told_from_failed(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, document: Document
) -> None:
    """What could not be run says nothing about the potential; what failed does."""
    only = (f"--dataset={cuni}", "-m", "error_thresholds")
    raises = calc("raise RuntimeError('no')", "raises")
    done = pytester.runpytest(f"--mlip={raises}", *only)
    assert done.ret == 10
    assert document()["run"]["exit_status"] == 10
    assert pytester.runpytest(f"--mlip={raises}", *only, "--ms25-errors-fail").ret == 1
    done = pytester.runpytest(f"--mlip={raises}", f"--mlip={calc(BROKEN)}", *only)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    # A test of the project that fails is a failure too.
    pytester.makepyfile(test_own="def test_own(): assert False")
    paths = ("--pyargs", "ms25_suite.checks", "test_own.py")
    done = pytester.runpytest(
        f"--mlip={raises}", f"--dataset={cuni}", *paths, "-k", "own or energy"
    )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
