"""Files that a run writes for other programs: JUnit and Markdown."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

EMT = "--mlip=ase.calculators.emt:EMT"


def properties(path: Path) -> list[dict[str, Any]]:
    """Properties of each test case of a JUnit file, from JSON."""
    cases = ElementTree.parse(path).getroot().iter("testcase")
    return [
        {entry.attrib["name"]: json.loads(entry.attrib["value"]) for entry in case.iter("property")}
        for case in cases
    ]


@pytest.mark.parametrize(
    "arguments", [(), pytest.param(("-n1", "-o", "junit_family=xunit1"), marks=pytest.mark.slow)]
)
def test_junit(pytester: pytest.Pytester, cuni: Path, arguments: tuple[str, ...]) -> None:
    done = pytester.runpytest_subprocess(
        EMT, f"--dataset={cuni}", "-m", "error_thresholds", "--junit-xml=j.xml", *arguments
    )
    assert done.ret == 0
    cases = properties(pytester.path / "j.xml")
    assert [case["ms25.quantity"] for case in cases] == ["energy", "forces", "stress"]
    forces = cases[1]
    assert forces["ms25.value"] == pytest.approx(0.0, abs=1e-4)
    assert (forces["ms25.unit"], forces["ms25.threshold"]) == ("meV/Å", 35.0)
    assert (forces["ms25.verdict"], forces["ms25.n_frames"]) == ("pass", 30)
    assert len(forces["ms25.interval"]) == 2
    assert forces["ms25.forces.rmse.verdict"] is None
    # What travels between processes is not for readers.
    assert not any(name.startswith("ms25_") for name in forces)


def test_markdown(pytester: pytest.Pytester, cuni: Path) -> None:
    summary = pytester.path / "summary.md"
    summary.write_text("# Before\n")
    run = (EMT, f"--dataset={cuni}", "-m", "error_thresholds")
    done = pytester.runpytest(*run, f"--ms25-markdown={summary}")
    assert done.ret == 0
    text = summary.read_text(encoding="utf-8")
    assert re.match(r"# Before\n## ✓ ms25-suite: (\d+) of \1 results meet their threshold", text)
    assert "The whole report is in `reports/`." in text


def test_a_summary_that_cannot_be_written(pytester: pytest.Pytester, cuni: Path) -> None:
    done = pytester.runpytest(EMT, f"--dataset={cuni}", "--ms25-markdown=no/such/summary.md")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*--ms25-markdown=*summary.md: cannot write there*"])
