"""A criterion of another package, from its entry point to the report; and the same in house."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ase import Atoms
from ase.io import write

from ms25_suite.plugin.outcome import NOT_RUN
from tests.conftest import REPOSITORY

EXAMPLE = REPOSITORY / "docs" / "examples" / "ms25-translation"

pytestmark = pytest.mark.packaging

MOST_FILES = 8
"""Files that a new criterion in house adds or changes, at most (CONTRIBUTING)."""

PINNED = """
from ase.calculators.emt import EMT

class Pinned(EMT):
    "An energy that depends on where the atoms are."

    def calculate(self, *args, **kwargs):
        super().calculate(*args, **kwargs)
        self.results["energy"] += 0.1 * self.atoms.positions[:, 0].sum()

calculator = Pinned
"""


def _run(folder: Path, path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(path), "MS25_CACHE_DIR": str(folder / "cache")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the example package, installed."""
    source = tmp_path_factory.mktemp("source") / EXAMPLE.name
    shutil.copytree(EXAMPLE, source)
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--disable-pip-version-check", "--target", str(target)]
    subprocess.run([*command, str(source)], check=True, capture_output=True)
    return target


@pytest.fixture
def work(tmp_path: Path, cuni_images: list[Atoms]) -> Path:
    write(tmp_path / "cuni.extxyz", cuni_images[:12])
    (tmp_path / "pinned.py").write_text(PINNED)
    return tmp_path


def _results(work: Path) -> dict[tuple[str, str], Any]:
    document = json.loads((work / "reports" / "results.json").read_text(encoding="utf-8"))
    return {
        (r["potential"], r["quantity"]): r
        for r in document["results"]
        if r["criterion"] == "translation"
    }


def test_it_is_judged_reported_and_named(installed: Path, work: Path) -> None:
    asked = ["--mlip=ase.calculators.emt:EMT", "--mlip=pinned.py", "--dataset=cuni.extxyz"]
    done = _run(work, installed, "-m", "pytest", *asked, "-m", "translation")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    found = _results(work)
    good, bad = "ase.calculators.emt.EMT", "pinned"
    assert {key: result["verdict"] for key, result in found.items()} == {
        (good, "energy"): "pass",
        (good, "forces"): "pass",
        (bad, "energy"): "fail",
        (bad, "forces"): "pass",
    }
    assert found[good, "energy"]["threshold"] == 0.01
    assert "https://example.org/ms25-translation" in done.stdout
    page = (work / "reports" / "report.html").read_text(encoding="utf-8")
    assert "Do energies and forces stay the same when all atoms move together?" in page
    assert "moved as a whole by a random vector" in page
    assert "Change of the energy of 5 frames" in page


def test_it_runs_by_default_beside_the_suites_own(installed: Path, work: Path) -> None:
    asked = ["--mlip=ase.calculators.emt:EMT", "--dataset=cuni.extxyz", "-q"]
    done = _run(work, installed, "-m", "pytest", *asked)
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
    assert "4 passed" in done.stdout
    assert len(_results(work)) == 2


def test_a_users_file_sets_its_threshold(installed: Path, work: Path) -> None:
    (work / "mine.toml").write_text(
        '[translation.standard.energy]\nvalue = 1e6\nunit = "meV/atom"\nmetric = "error"\n'
        'source = "anything goes"\n'
    )
    asked = ["--mlip=pinned.py", "--dataset=cuni.extxyz", "-m", "translation"]
    done = _run(work, installed, "-m", "pytest", *asked, "--ms25-thresholds=mine.toml")
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
    assert _results(work)["pinned", "energy"]["threshold_source"] == "anything goes"


def test_help_and_markers_name_it(installed: Path, work: Path) -> None:
    helped = _run(work, installed, "-m", "pytest", "--help").stdout
    assert re.search(r"selects:\s[\w\s,]*\btranslation\b", helped)
    marked = _run(work, installed, "-m", "pytest", "--markers").stdout
    assert "@pytest.mark.translation: Do energies and forces stay the same" in marked


def test_a_package_that_cannot_be_loaded_is_named(installed: Path, work: Path) -> None:
    broken = work / "broken"
    shutil.copytree(installed, broken)
    (broken / "ms25_translation" / "__init__.py").write_text("import no_such_module\n")
    asked = ["--mlip=pinned.py", "--dataset=cuni.extxyz"]
    done = _run(work, broken, "-m", "pytest", *asked)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "the installed package ms25-translation is broken" in done.stderr
    assert "no_such_module" in done.stderr
    for listing in ("--help", "--markers"):
        listed = _run(work, broken, "-m", "pytest", listing)
        assert listed.returncode == pytest.ExitCode.OK
        assert "error_thresholds" in listed.stdout


def test_in_house_it_takes_eight_files(work: Path) -> None:
    """The same criterion in a copy of the suite: what it adds and changes, and that it works."""
    house = work / "house"
    shutil.copytree(REPOSITORY / "ms25_suite", house / "ms25_suite")
    for folder in ("checks", "fixtures"):
        # As they are installed: inside the package.
        shutil.copytree(REPOSITORY / folder, house / "ms25_suite" / folder)
    package, room = EXAMPLE / "ms25_translation", "ms25_suite/criteria/translation"
    entry = (package / "__init__.py").read_text(encoding="utf-8")
    entry = entry.replace("ms25_translation.figure", "ms25_suite.criteria.translation.figure")
    entry = re.sub(r"    (checks|thresholds|page)=.*\n", "", entry)
    check = (package / "test_translation.py").read_text(encoding="utf-8")
    check = check.replace("ms25_translation.", "ms25_suite.criteria.translation.")
    figure = (package / "figure.py").read_text(encoding="utf-8")
    figure = figure.replace("ms25_translation.", "ms25_suite.criteria.translation.")
    thresholds = (REPOSITORY / "checks" / "thresholds.toml").read_text(encoding="utf-8")
    thresholds += "\n" + (package / "thresholds.toml").read_text(encoding="utf-8")
    packages = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    files = {
        f"{room}/__init__.py": entry,
        f"{room}/measure.py": (package / "measure.py").read_text(encoding="utf-8"),
        f"{room}/figure.py": figure,
        "ms25_suite/checks/test_translation.py": check,
        "ms25_suite/checks/thresholds.toml": thresholds,
        "pyproject.toml": packages.replace(
            '"ms25_suite.criteria.training_rate",',
            '"ms25_suite.criteria.training_rate",\n    "ms25_suite.criteria.translation",',
        ),
        "docs/checks/translation.md": "# Translation\n",
        "tests/unit/criteria/translation/test_measure.py": "",
    }
    assert len(files) <= MOST_FILES
    for name, text in files.items():
        path = house / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    asked = ["--mlip=ase.calculators.emt:EMT", "--mlip=pinned.py", "--dataset=cuni.extxyz"]
    done = _run(work, house, "-m", "pytest", *asked, "-m", "translation")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    verdicts = {key[0]: r["verdict"] for key, r in _results(work).items() if key[1] == "energy"}
    assert verdicts == {"ase.calculators.emt.EMT": "pass", "pinned": "fail"}
    assert "moved as a whole" in (work / "reports" / "report.html").read_text(encoding="utf-8")


CARELESS = {
    "forgets to conclude": (
        "    errors.record(ms25_check_recorder)\n    ms25_check_recorder.conclude()\n",
        "    errors.record(ms25_check_recorder)\n",
        "energy error of pinned",
    ),
    "forgets to record": (
        "    errors.record(ms25_check_recorder)\n",
        "",
        "recorded no result",
    ),
    "does neither": (
        "    errors.record(ms25_check_recorder)\n    ms25_check_recorder.conclude()\n",
        "",
        "the check ended without a result",
    ),
}


@pytest.mark.parametrize("case", CARELESS)
def test_a_careless_check_is_never_green(installed: Path, work: Path, case: str) -> None:
    """Verdicts decide, whatever the author of a check has forgotten."""
    old, new, words = CARELESS[case]
    careless = work / "careless"
    shutil.copytree(installed, careless)
    check = careless / "ms25_translation" / "test_translation.py"
    text = check.read_text(encoding="utf-8")
    assert old in text
    check.write_text(text.replace(old, new), encoding="utf-8")
    asked = ["--mlip=pinned.py", "--dataset=cuni.extxyz", "-m", "translation"]
    done = _run(work, careless, "-m", "pytest", *asked)
    verdicts = {result["verdict"] for result in _results(work).values()}
    # What records nothing could not be run, and is no failure of the potential.
    expected = pytest.ExitCode.TESTS_FAILED if "fail" in verdicts else NOT_RUN
    assert done.returncode == expected, done.stdout + done.stderr
    assert words in done.stdout
    assert verdicts & {"fail", "error"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param(
            "    checks=", "    by_default=False,\n    checks=", "", marks=pytest.mark.slow
        ),
        ("    main=", '    needs="phonons",\n    main=', "needs the table [phonons] of a card"),
        ("    main=", '    not_asked="ms25_translation.nope:f",\n    main=', "cannot be imported"),
        ('    checks="ms25_translation.test_translation",\n', "", "names no module of checks"),
    ],
    ids=["by name only", "needs", "not_asked", "checks"],
)
def test_what_an_entry_says_is_respected_or_refused(
    installed: Path, work: Path, old: str, new: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS")
    changed = work / "changed"
    shutil.copytree(installed, changed)
    entry = changed / "ms25_translation" / "__init__.py"
    text = entry.read_text(encoding="utf-8")
    assert old in text
    entry.write_text(text.replace(old, new), encoding="utf-8")
    asked = ["--mlip=ase.calculators.emt:EMT", "--dataset=cuni.extxyz"]
    done = _run(work, changed, "-m", "pytest", *asked)
    if words:
        assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout + done.stderr
        assert words in done.stderr + done.stdout
    else:
        assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
        assert re.search(r"left out: .*translation", done.stdout)
        assert _results(work) == {}


def test_thresholds_of_other_criteria_are_not_moved(installed: Path, work: Path) -> None:
    bold = work / "bold"
    shutil.copytree(installed, bold)
    file = bold / "ms25_translation" / "thresholds.toml"
    loose = '[error_thresholds.standard.forces]\nvalue = 1e5\nunit = "meV/Å"\nmetric = "mae"\n'
    file.write_text(f'{file.read_text(encoding="utf-8")}\n{loose}source = "generous"\n', "utf-8")
    asked = ["--mlip=ase.calculators.emt:EMT", "--dataset=cuni.extxyz"]
    done = _run(work, bold, "-m", "pytest", *asked)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "expected thresholds of the criterion translation only" in done.stderr
