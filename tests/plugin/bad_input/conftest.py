"""Runs the real thing, and compares its exit code with that of the row."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.io import write

from ms25_suite.cli.main import main
from tests.helpers.lennard_jones import EXAMPLE
from tests.plugin.bad_input.rows import AS_JUDGED, Row, read_rows

ROWS = read_rows()


@dataclass
class Promise:
    """A row, and whether a scenario has looked at its exit code."""

    row: Row
    checked: bool = False


@dataclass
class Outcome:
    """What a run of the checks printed and recorded."""

    code: int
    text: str
    results: list[dict[str, Any]] = field(default_factory=list)
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def verdicts(self) -> set[str]:
        """All verdicts but those of numbers that have no threshold."""
        return {result["verdict"] for result in self.results if result["verdict"]}

    @property
    def warnings(self) -> str:
        """The warnings of the summary."""
        lines = self.text.splitlines()
        return "\n".join(line for line in lines if line.startswith("warning: "))

    def reasons(self, verdict: str = "error") -> str:
        """The different reasons of results with a verdict."""
        found = {r["reason"] for r in self.results if r["verdict"] == verdict}
        return "\n".join(sorted(reason for reason in found if reason))


@pytest.fixture(autouse=True)
def promise(request: pytest.FixtureRequest) -> Iterator[Promise | None]:
    """The row of a scenario; fails if the scenario never compares its exit code."""
    what = getattr(request.function, "row", None)
    if what is None:
        yield None
        return
    assert what in ROWS, f"docs/bad-input.md has no row {what!r}"
    kept = Promise(ROWS[what])
    yield kept
    call = getattr(request.node, "outcome_of_call", "")
    if kept.row.exit_code is not None and call == "passed":
        assert kept.checked, "the scenario did not look at the exit code"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Tell the fixture above whether the scenario has passed."""
    report = yield
    if report.when == "call":
        item.outcome_of_call = report.outcome  # type: ignore[attr-defined]
    return report


@pytest.fixture(autouse=True)
def _without_drawing(no_drawing: None) -> None:
    """Figures have tests of their own."""


@pytest.fixture
def compare(promise: Promise) -> Callable[[Outcome], None]:
    """Compare the exit code of a run of the checks with the one in the row."""

    def check(outcome: Outcome) -> None:
        promise.checked = True
        expected = promise.row.exit_code
        if expected != pytest.ExitCode.INTERNAL_ERROR:
            assert "INTERNALERROR" not in outcome.text, outcome.text
        if expected == 4:
            assert "Traceback" not in outcome.text, outcome.text
            assert outcome.results == []
        if expected == AS_JUDGED:
            assert outcome.verdicts & {"pass", "fail", "undecided"}, outcome.text
            # Nothing failed, and nothing was decided either: 5.
            expected = 0 if "pass" in outcome.verdicts else 5
            expected = 1 if outcome.verdicts & {"fail", "error"} else expected
        if expected == 1:
            assert outcome.verdicts & {"fail", "error"}, outcome.text
        if promise.row.happens.startswith("`error`"):
            assert "error" in outcome.verdicts, outcome.text
        if expected is not None:
            assert outcome.code == expected, outcome.text

    return check


@pytest.fixture
def judge(pytester: pytest.Pytester, compare: Callable[[Outcome], None]) -> Callable[..., Outcome]:
    """Run the checks in the folder of the test, and hold the exit code against the row.

    With variables of the environment they run in a process of their own, as ``ms25``; with
    ``plain=True`` as ``pytest``. ``check=False`` leaves the comparison out, for runs before the one
    that matters.
    """

    def run(*arguments: object, plain: bool = False, check: bool = True, **env: str) -> Outcome:
        words = [str(argument) for argument in arguments]
        folder = pytester.path / _report_dir(words)
        if folder.is_dir():
            (folder / "results.json").unlink(missing_ok=True)
        if plain or env:
            done = subprocess.run(
                [sys.executable, "-m", "pytest" if plain else "ms25_suite", *words],
                cwd=pytester.path,
                env=os.environ | env,
                capture_output=True,
                text=True,
                check=False,
            )
            outcome = Outcome(done.returncode, done.stdout + done.stderr)
        else:
            result = pytester.runpytest(*words)
            outcome = Outcome(int(result.ret), result.stdout.str() + "\n" + result.stderr.str())
        if (folder / "results.json").is_file():
            text = (folder / "results.json").read_text(encoding="utf-8")
            outcome.document = json.loads(text)
            outcome.results = outcome.document["results"]
        if check:
            compare(outcome)
        return outcome

    return run


def _report_dir(words: list[str]) -> str:
    given = [word.partition("=")[2] for word in words if word.startswith("--report-dir=")]
    return given[-1] if given else "reports"


@pytest.fixture
def ms25(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str], promise: Promise
) -> Callable[..., Outcome]:
    """Run a command of ``ms25`` other than the checks; ``code`` is the exit code expected."""

    def run(*arguments: object, code: int = 1) -> Outcome:
        capsys.readouterr()
        found = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        if promise.row.section not in IN_RUNS:
            promise.checked = True
        assert found == code, said.out + said.err
        return Outcome(found, said.out + said.err)

    return run


IN_RUNS = {"Potentials", "Predictions", "Training", "Datasets", "Options and runs"}
"""Sections whose exit codes are those of runs of the checks."""


@pytest.fixture
def refused(
    judge: Callable[..., Outcome], ms25: Callable[..., Outcome], emt: str
) -> Callable[..., str]:
    """Data that are a usage error of the checks, and exit code 1 of ``ms25 data show``.

    Returns the message, which is one paragraph and the same in both.
    """

    def run(path: object) -> str:
        outcome = judge(f"--mlip={emt}", f"--dataset={path}")
        shown = ms25("data", "show", path)
        message = shown.text.removeprefix("ms25: ").strip()
        assert "\n\n" not in message
        assert message.split() == outcome.text.partition("ERROR: ")[2].split()
        return message

    return run


@pytest.fixture
def emt() -> str:
    """A potential that predicts the labels of ``cuni``."""
    return "ase.calculators.emt:EMT"


@pytest.fixture
def images(cuni_images: list[Atoms]) -> list[Atoms]:
    """The frames of ``cuni``, to be spoiled."""
    return [atoms.copy() for atoms in cuni_images]


@pytest.fixture
def dataset(pytester: pytest.Pytester) -> Callable[..., str]:
    """Write frames, and a card if one is given; returns what goes after --dataset=."""

    def make(images: list[Atoms], card: str = "", name: str = "data") -> str:
        path = Path(pytester.path) / f"{name}.extxyz"
        write(path, images)
        if card:
            path.with_suffix(".toml").write_text(card, encoding="utf-8")
        return path.name

    return make


@pytest.fixture
def own_cache(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test alone."""
    path = Path(pytester.path) / "cache"
    path.mkdir()
    monkeypatch.setenv("MS25_CACHE_DIR", str(path))
    return path


@pytest.fixture
def lennard_jones(pytester: pytest.Pytester) -> Callable[..., dict[str, str]]:
    """The architecture of docs/new-architecture.md, fast to train; methods get a first line.

    Returns the variables with which `judge` finds the package.
    """

    def install(**first_lines: str) -> dict[str, str]:
        site = Path(pytester.path) / "site"
        shutil.rmtree(site, ignore_errors=True)
        shutil.copytree(EXAMPLE / "ms25_lennard_jones", site / "ms25_lennard_jones")
        entries = re.search(
            r"\[project.entry-points.*?\n\n", (EXAMPLE / "pyproject.toml").read_text(), re.DOTALL
        )
        assert entries
        installed = site / "ms25_lennard_jones-1.0.dist-info"
        installed.mkdir()
        installed.joinpath("METADATA").write_text(
            "Metadata-Version: 2.1\nName: ms25-lennard-jones\nVersion: 1.0\n"
        )
        points = entries[0].replace('"', "").replace("project.entry-points.", "")
        installed.joinpath("entry_points.txt").write_text(points)
        # In small steps, so that a training has several epochs.
        recipe = site / "ms25_lennard_jones" / "lennard-jones.toml"
        recipe.write_text(recipe.read_text().replace("evaluations = 5", "evaluations = 2"))
        for method, line in first_lines.items():
            _insert(site / "ms25_lennard_jones", method, line)
        return {"PYTHONPATH": str(site)}

    return install


def _insert(package: Path, method: str, line: str) -> None:
    """Put a line at the beginning of a method, after its docstring."""
    begin = re.compile(rf'(    def {method}\(.*?:\n        """.*?"""\n)', re.DOTALL)
    changed = 0
    for path in package.glob("*.py"):
        text, n = begin.subn(lambda found: f"{found[1]}        {line}\n", path.read_text())
        path.write_text(text)
        changed += n
    assert changed == 1, f"{changed} methods are called {method}"


@pytest.fixture
def model(pytester: pytest.Pytester) -> str:
    """A model file of that architecture."""
    energies = {"Ni": -4.0, "Cu": -3.0}
    content = {"epsilon": 0.25, "sigma": 2.3, "cutoff": 5.0, "energies": energies}
    path = Path(pytester.path) / "model.lj"
    path.write_text(json.dumps({"lennard-jones": content}), encoding="utf-8")
    return path.name
