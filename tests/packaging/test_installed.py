"""One command in the five situations in which people are.

A wheel and an editable copy are really built and installed, each into an environment of its own.
Other packages are lent by the environment that runs these tests, so nothing is downloaded.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.packaging.conftest import run

pytestmark = pytest.mark.packaging

EMT = "--mlip=ase.calculators.emt:EMT"


def _environment(folder: Path) -> Path:
    """A virtual environment that borrows all packages but ours; returns its ``bin``."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    # A path file lends the packages, but does not process the path files in that folder: an
    # editable installation of the suite over there stays invisible.
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


def _install(bin_folder: Path, *what: str | Path) -> None:
    pip = [sys.executable, "-m", "pip", "--python", str(bin_folder / "python"), "install"]
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    options += ["--disable-pip-version-check", "--force-reinstall"]
    done = run([*pip, *options, *what], REPOSITORY)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``bin`` of an environment with the wheel."""
    bin_folder = _environment(tmp_path_factory.mktemp("installed"))
    _install(bin_folder, wheel)
    return bin_folder


def _judged(folder: Path) -> int:
    """Number of mean absolute errors that passed, according to the report."""
    document = json.loads((folder / "reports" / "results.json").read_text(encoding="utf-8"))
    results = [result for result in document["results"] if result["metric"] == "mae"]
    return sum(result["verdict"] == "pass" for result in results)


def test_the_wheel_holds_what_it_needs_and_nothing_at_top_level(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names if "dist-info" not in name} == {"ms25_suite"}
    for needed in (
        "ms25_suite/baseline/allowances.toml",
        "ms25_suite/checks/thresholds.toml",
        "ms25_suite/checks/test_error_thresholds.py",
        "ms25_suite/datasets/builtin/hea.toml",
        "ms25_suite/datasets/builtin/hea.extxyz.xz",
        "ms25_suite/fixtures/potentials.py",
        "ms25_suite/py.typed",
        "ms25_suite/pytest.ini",
        "ms25_suite/core/schemas/results.schema.json",
        "ms25_suite/core/schemas/card.schema.json",
        "ms25_suite/core/schemas/manifest.schema.json",
        "ms25_suite/environments/nequip.toml",
        "ms25_suite/environments/isolated.py",
        "ms25_suite/architectures/mace/mace.toml",
        "ms25_suite/architectures/nequip/nequip.toml",
    ):
        assert needed in names
    assert any(name.startswith("ms25_suite/report/templates/") for name in names)
    assert wheel.stat().st_size < 40e6


def test_every_built_in_dataset_is_in_the_wheel(clone: Path, wheel: Path) -> None:
    files = {
        f"ms25_suite/datasets/{path.relative_to(clone / 'ms25_suite' / 'datasets')}"
        for folder in ("builtin",)
        for path in (clone / "ms25_suite" / "datasets" / folder).iterdir()
        if path.suffix in (".toml", ".xz")
    }
    assert len(files) >= 2 * 8
    with zipfile.ZipFile(wheel) as archive:
        assert files <= set(archive.namelist())


def test_every_package_of_the_clone_is_in_the_wheel(clone: Path, wheel: Path) -> None:
    modules = {
        f"ms25_suite/{path.relative_to(clone)}"
        for folder in ("checks", "fixtures")
        for path in (clone / folder).rglob("*.py")
    }
    modules |= {str(path.relative_to(clone)) for path in (clone / "ms25_suite").rglob("*.py")}
    with zipfile.ZipFile(wheel) as archive:
        assert modules <= set(archive.namelist())


def test_editable_clone(clone: Path, cuni: Path, tmp_path: Path) -> None:
    bin_folder = _environment(tmp_path / "venv")
    _install(bin_folder, "--editable", clone)
    done = run([bin_folder / "python", "-m", "pytest", EMT, f"--dataset={cuni}"], clone)
    assert done.returncode == 0, done.stdout + done.stderr
    assert _judged(clone) == 3


@pytest.mark.parametrize(
    "parallel",
    [pytest.param([], id=""), pytest.param(["-n2"], id="two processes", marks=pytest.mark.slow)],
)
def test_wheel_in_an_empty_folder(
    installed: Path, cuni: Path, tmp_path: Path, parallel: list[str]
) -> None:
    command = [installed / "python", "-m", "pytest", EMT, f"--dataset={cuni}", *parallel]
    done = run(command, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert _judged(tmp_path) == 3


@pytest.mark.parametrize(
    "parallel",
    [pytest.param([], id=""), pytest.param(["-n2"], id="two processes", marks=pytest.mark.slow)],
)
@pytest.mark.parametrize(
    "named",
    [
        pytest.param(["--pyargs", "ms25_suite.checks"], id="pyargs"),
        pytest.param([], id="bare", marks=pytest.mark.slow),
    ],
)
def test_inside_another_project(
    installed: Path, cuni: Path, tmp_path: Path, named: list[str], parallel: list[str]
) -> None:
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\npython_files = check_*.py\ntestpaths = theirs\nfilterwarnings = error\n"
        "addopts = --strict-markers\n"
    )
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "check_it.py").write_text("def test_theirs(): assert False\n")
    command = [installed / "python", "-m", "pytest", EMT, f"--dataset={cuni}", *named, *parallel]
    done = run(command, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert _judged(tmp_path) == 3


def test_console_script(installed: Path, cuni: Path, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    done = run([installed / "ms25", EMT, f"--dataset={cuni}"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert _judged(tmp_path) == 3
    done = run([installed / "ms25", "data", "list"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "hea" in done.stdout


def test_a_clone_that_is_not_installed_says_so(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The lent packages hold an installation of the suite, so its entry point is switched off.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    done = run([sys.executable, "-m", "pytest"], clone)
    assert done.returncode == 4
    assert 'run pip install -e ".[mace]"' in done.stderr
