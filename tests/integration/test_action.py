"""The steps of the GitHub Action, run as a runner would: its shell steps, with its files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY

ACTION = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))

GH = """\
#!/usr/bin/env bash
# Stands for GitHub's command-line tool: notes how it was called, and knows one old comment.
printf '%s\\n' "$*" >> "$RUNNER_TEMP/gh.log"
case "$*" in
  *--method*) for word; do
      case $word in body=@*) cp "${word#body=@}" "$RUNNER_TEMP/posted.md";; esac
    done;;
  *) [ ! -f "$RUNNER_TEMP/old-comment" ] || cat "$RUNNER_TEMP/old-comment";;
esac
"""


@dataclass
class Runner:
    """A runner of GitHub: temporary folders, files for outputs and summary, and the steps."""

    folder: Path
    inputs: dict[str, str]
    event: str = "push"
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""

    def __post_init__(self) -> None:
        self.temp = self.folder / "temp"
        python = self.temp / "ms25-venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        # In place of the step that installs.
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        tools = self.folder / "tools"
        tools.mkdir()
        (tools / "gh").write_text(GH)
        (tools / "gh").chmod(0o755)
        self.summary = self.folder / "summary.md"
        self.environment = os.environ | {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_OUTPUT": str(self.folder / "output"),
        }

    def _filled(self, text: str) -> str:
        """A text with the expressions of GitHub that the action uses."""
        given = {name: str(entry.get("default", "")) for name, entry in ACTION["inputs"].items()}
        values = {f"inputs.{name}": value for name, value in (given | self.inputs).items()}
        values |= {f"steps.judge.outputs.{name}": value for name, value in self.outputs.items()}
        values |= {
            "runner.temp": str(self.temp),
            "github.repository": "me/potentials",
            "github.event.pull_request.number": "7",
            "github.token": "secret",
        }
        return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda m: values.get(m[1], ""), text)

    def step(self, name: str) -> int:
        """Run a step; its exit code."""
        entry: dict[str, Any] = next(
            one for one in ACTION["runs"]["steps"] if one.get("name") == name
        )
        env = {key: self._filled(str(value)) for key, value in entry["env"].items()}
        (self.folder / "output").write_text("")
        done = subprocess.run(
            # As runners start `shell: bash`.
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", entry["run"]],
            cwd=self.folder,
            env=self.environment | env,
            capture_output=True,
            text=True,
            check=False,
        )
        self.log += done.stdout + done.stderr
        lines = (self.folder / "output").read_text().splitlines()
        self.outputs |= dict(line.split("=", 1) for line in lines)
        return done.returncode

    def run(self) -> int:
        """All shell steps behind the installation; the exit code of the last one."""
        assert self.step("Judge") == 0, self.log
        assert self.step("Show") == 0, self.log
        if self.event == "pull_request":
            assert self.step("Comment") == 0, self.log
        return self.step("Verdict")


@pytest.fixture
def runner(tmp_path: Path, cuni: Path) -> Runner:
    (tmp_path / "calc.py").write_text("from ase.calculators.emt import EMT\ncalculator = EMT\n")
    inputs = {"mlip": "calc.py", "dataset": f"{cuni}\n", "args": "-m 'error_thresholds'"}
    return Runner(tmp_path, inputs)


def test_a_passing_potential(runner: Runner) -> None:
    assert runner.run() == 0
    assert runner.outputs["verdict"] == "passed"
    assert runner.summary.read_text().startswith("## ✓ ms25-suite: 13 of 13 results meet")
    report = Path(runner.outputs["report"])
    assert {"report.html", "junit.xml", "badge.json", "comment.md"} <= {
        path.name for path in report.iterdir()
    }
    assert json.loads((report / "badge.json").read_text())["color"] == "brightgreen"
    assert len(json.loads((report / "smaller-better.json").read_text())) == 18
    assert "::error" not in runner.log


def test_a_failing_potential_on_a_pull_request(runner: Runner) -> None:
    text = "from ase.calculators.lj import LennardJones\ncalculator = LennardJones\n"
    (runner.folder / "calc.py").write_text(text)
    runner.event = "pull_request"
    assert runner.run() == 1
    assert runner.outputs["verdict"] == "failed"
    assert "### What failed" in runner.summary.read_text()
    # As many as there may be.
    assert runner.log.count("::error ") == 10
    posted = (runner.temp / "posted.md").read_text()
    assert posted.startswith("<!-- ms25-suite -->\n## ✗ ms25-suite")
    calls = (runner.temp / "gh.log").read_text().splitlines()
    assert "--method POST repos/me/potentials/issues/7/comments" in calls[-1]
    # The next push replaces it.
    (runner.temp / "old-comment").write_text("4711\n")
    assert runner.step("Comment") == 0
    calls = (runner.temp / "gh.log").read_text().splitlines()
    assert "--method PATCH repos/me/potentials/issues/comments/4711" in calls[-1]


def test_a_file_that_is_not_there(runner: Runner) -> None:
    runner.inputs["mlip"] = "gone.model"
    assert runner.run() == 4
    assert runner.outputs["verdict"] == "broken off"
    assert "no results (exit status 4)" in runner.summary.read_text()
    assert "::error title=ms25-suite::broken off" in runner.log


@pytest.mark.slow
def test_labels_of_an_unknown_name(runner: Runner, cuni: Path) -> None:
    text = cuni.read_text().replace("REF_energy", "REF_whatever")
    (runner.folder / "odd.extxyz").write_text(text)
    runner.inputs["dataset"] = "odd.extxyz"
    assert runner.run() not in (0, None)
    assert runner.outputs["verdict"] != "passed"


def test_arguments_are_words_and_nothing_is_run(runner: Runner) -> None:
    runner.inputs["args"] = "-m 'error_thresholds and not slow' $(touch made) `touch made`"
    runner.step("Judge")
    assert not (runner.folder / "made").exists()
    assert "$(touch" in runner.log


def test_a_suite_that_was_not_started_is_no_success(runner: Runner) -> None:
    assert runner.step("Verdict") == 1
    assert "ms25-suite: not started" in runner.log


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.github-actions", "action.yml"),
        ("vendor.github-workflows", ".github/workflows/docs.yml"),
        ("vendor.github-workflows", ".github/workflows/publish.yml"),
        ("vendor.github-workflows", ".github/workflows/tests.yml"),
        ("vendor.citation-file-format", "CITATION.cff"),
        ("vendor.gitlab-ci", "docs/ci/gitlab-ci.yml"),
    ],
)
def test_files_of_ci_are_laid_out_as_their_schemas_say(schema: str, file: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, file]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


OFF = """\
from ase.calculators.emt import EMT


class Off(EMT):
    def calculate(self, *arguments, **options):
        super().calculate(*arguments, **options)
        self.results["forces"] *= {factor}


calculator = Off
"""


@pytest.mark.slow
def test_a_regression_and_one_that_cannot_be_run(runner: Runner) -> None:
    calculator = runner.folder / "calc.py"
    calculator.write_text(OFF.format(factor=1.01))
    runner.inputs["args"] += " --ms25-save-baseline=accepted.json"
    assert runner.run() == 0
    runner.inputs |= {"args": "-m error_thresholds", "baseline": "accepted.json"}
    calculator.write_text(OFF.format(factor=1.012))
    runner.summary.unlink()
    assert runner.run() == 1
    assert runner.outputs["verdict"] == "failed"
    summary = runner.summary.read_text()
    assert "| since baseline |" in summary
    assert "▲ worse +20 %" in summary
    assert "::error " in runner.log
    calculator.write_text("raise ImportError('a package is missing')\n")
    assert runner.run() == 10
    assert runner.outputs["verdict"] == "not run"
