"""What pytest shows of checks that fail or cannot be run, in a terminal of 80 columns."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

Calc = Callable[..., str]

BROKEN = "def calculator():\n    raise RuntimeError('the file is empty')\n"

TRACEBACK = re.compile(r"^  File .*broken\.py", re.MULTILINE)


@pytest.fixture(autouse=True)
def columns(monkeypatch: pytest.MonkeyPatch, no_drawing: None) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    # pytest does not cut lines there.
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)


def summary(done: pytest.RunResult) -> list[str]:
    """Lines of pytest's short summary."""
    lines = done.outlines
    start = next(i for i, line in enumerate(lines) if "short test summary info" in line)
    return lines[start + 1 : -1]


@pytest.mark.parametrize("options", [(), ("--tb=no",), ("--tb=line",), ("-q",), ("--tb=short",)])
def test_a_failure_names_value_and_threshold(
    pytester: pytest.Pytester, cuni: Path, calc: Calc, options: tuple[str, ...]
) -> None:
    potentials = [calc("results['forces'] += 0.1", name) for name in ("one", "two")]
    run = [*(f"--mlip={one}" for one in potentials), f"--dataset={cuni}", "-m", "error_thresholds"]
    done = pytester.runpytest(*run, *options)
    done.assert_outcomes(failed=2, passed=4)
    for line, name in zip(summary(done), ("one", "two"), strict=True):
        start, node = line.split(": ")
        found = re.fullmatch(r"FAILED forces MAE ([\d.]+) > 35 meV/Å( and \d+ more)?", start)
        assert found
        assert float(found[1]) == pytest.approx(100, rel=0.01)
        assert node.endswith(f"test_error_thresholds.py::test_error_thresholds[cuni-{name}-forces]")
    if "--tb=line" in options:
        done.stdout.re_match_lines([r"one on cuni: forces MAE [\d.]+ > 35 meV/Å.*"])


def test_passed_and_undecided_checks_name_them_too(
    pytester: pytest.Pytester, cuni: Path, calc: Calc
) -> None:
    # The threshold is inside of the interval.
    (pytester.path / "marks.toml").write_text(
        '[error_thresholds.standard.forces]\nvalue = 80\nunit = "meV/Å"\nmetric = "mae"\n'
        'source = "this test"\n'
    )
    potential = calc("results['forces'] = rng.normal(results['forces'], 0.1)")
    done = pytester.runpytest(
        f"--mlip={potential}",
        f"--dataset={cuni}",
        "-rA",
        "-m",
        "error_thresholds",
        "--ms25-thresholds=marks.toml",
    )
    words = [line.split(": ")[0] for line in summary(done)]
    assert [word for word in words if re.fullmatch(r"PASSED energy MAE .* ≤ 2\.5 meV/atom", word)]
    undecided = [word for word in words if word.startswith("UNDECIDED")]
    assert len(undecided) == 1
    assert re.match(
        r"UNDECIDED forces MAE [\d.]+ \([\d.]+ to [\d.]+\), threshold 80 meV/Å", undecided[0]
    )


@pytest.mark.parametrize(
    "options", [(), pytest.param(("-n2",), marks=pytest.mark.slow), ("--tb=short", "-rA")]
)
def test_one_reason_has_one_traceback(
    pytester: pytest.Pytester, cuni: Path, options: tuple[str, ...]
) -> None:
    (pytester.path / "broken.py").write_text(BROKEN)
    run = ("--mlip=broken.py", f"--dataset={cuni}", "-m", "error_thresholds", "--junit-xml=j.xml")
    done = (pytester.runpytest_subprocess if "-n2" in options else pytester.runpytest)(
        *run, *options
    )
    done.assert_outcomes(errors=3)
    text = done.stdout.str()
    assert len(TRACEBACK.findall(text)) == 1
    assert text.count("for the same reason as test_error_thresholds[cuni-broken-energy]") == 2
    lines = [line for line in summary(done) if line.startswith("ERROR")]
    assert lines[0].startswith("ERROR RuntimeError: the file is empty: ")
    assert [line.startswith("ERROR (same reason) ") for line in lines] == [False, True, True]
    # Each test of a JUnit file is looked at by itself.
    errors = list(ElementTree.parse(pytester.path / "j.xml").getroot().iter("error"))
    assert len(errors) == 3
    assert all(TRACEBACK.search(error.text or "") for error in errors)


def test_all_tracebacks_can_be_had(pytester: pytest.Pytester, cuni: Path) -> None:
    (pytester.path / "broken.py").write_text(BROKEN)
    run = ("--mlip=broken.py", f"--dataset={cuni}", "-m", "error_thresholds", "--full-trace")
    assert "for the same reason" not in pytester.runpytest(*run).stdout.str()


def test_a_criterion_that_is_run_is_not_left_out(pytester: pytest.Pytester, cuni: Path) -> None:
    """Of consistency the torque is not asked where all frames are periodic."""
    run = ("--mlip=ase.calculators.emt:EMT", f"--dataset={cuni}", "--deselect=x")
    text = pytester.runpytest(*run, "--setup-plan", "-q").stdout.str()
    left_out = re.findall(r"left out: (.*)\(", text.replace("\n", " "))
    assert "consistency" not in "".join(left_out)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_in_a_terminal_nothing_is_wider_and_progress_leaves_no_trace(
    pytester: pytest.Pytester, cuni: Path, calc: Calc
) -> None:
    import pty

    potential = calc("time.sleep(0.4)")
    command = [sys.executable, "-m", "pytest", f"--mlip={potential}", f"--dataset={cuni}"]
    command += ["-m", "error_thresholds", "-p", "no:benchmark"]
    written = bytearray()

    def read(descriptor: int) -> bytes:
        found = os.read(descriptor, 1 << 16)
        written.extend(found)
        return found

    assert os.waitstatus_to_exitcode(pty.spawn(command, read)) == 0
    text = written.decode("utf-8")
    assert re.search(r"predictions of calc .*\d+/30 frames, 0:\d\d, left 0:\d\d", text)
    # The line that pytest had begun goes on where it was.
    assert re.search(r"test_error_thresholds\.py \r\n.*\x1b\[\d+G\x1b\[1A\S*\.", text, re.DOTALL)
    header = text[text.index("dataset: ") : text.index("rootdir: ")]
    assert all(len(line) <= 80 for line in header.splitlines())
