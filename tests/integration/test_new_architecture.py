"""docs/new-architecture.md: its package is installed, passes its tests, is trained and judged."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.lj import LennardJones
from ase.io import write

from tests.conftest import REPOSITORY
from tests.helpers.lennard_jones import EXAMPLE

PAGE = REPOSITORY / "docs" / "new-architecture.md"
EPSILON, SIGMA = 0.25, 2.3


def run(command: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of packages with the example in it, installed by pip."""
    folder = tmp_path_factory.mktemp("example")
    # A build leaves files beside the sources.
    shutil.copytree(EXAMPLE, folder / "source")
    target = folder / "packages"
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    pip = [sys.executable, "-m", "pip", "install", *options, "--target", str(target)]
    done = run([*pip, str(folder / "source")], folder)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def frames_file(tmp_path: Path) -> Path:
    """Frames with labels that the potential can learn exactly."""
    rng = np.random.default_rng(0)
    images: list[Atoms] = []
    for index in range(24):
        atoms = bulk("Cu", a=3.6 + 0.1 * rng.random(), cubic=True) * (2, 1, 1)
        atoms.symbols[rng.integers(len(atoms))] = "Ni"
        atoms.rattle(0.08, seed=index)
        atoms.calc = LennardJones(epsilon=EPSILON, sigma=SIGMA, rc=5.0)
        labelled = atoms.copy()
        labelled.info["REF_energy"] = atoms.get_potential_energy()
        labelled.arrays["REF_forces"] = atoms.get_forces()
        labelled.info["split"] = "train" if index < 8 else "validation" if index < 12 else "test"
        images.append(labelled)
    path = tmp_path / "alloy.extxyz"
    write(path, images)
    return path


def test_the_page_shows_every_file_of_the_package() -> None:
    page = PAGE.read_text(encoding="utf-8")
    shown = dict(re.findall(r"`([\w./-]+)`:\n\n```\w+\n(.*?)```", page, re.DOTALL))
    files = [
        path
        for path in sorted(EXAMPLE.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and path.name != "__init__.py"
    ]
    expected = {str(path.relative_to(EXAMPLE)): path.read_text(encoding="utf-8") for path in files}
    assert shown == expected


def test_the_package_passes_the_tests_that_it_inherits(installed: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests")
    done = run([*command, "tests"], tmp_path, PYTHONPATH=str(installed))
    assert done.returncode == 0, done.stdout
    assert "15 passed, 2 skipped" in done.stdout


def test_it_is_trained_and_judged_by_its_entry_point_alone(
    installed: Path, frames_file: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    command += ["--mlip=train:lennard-jones", f"--dataset={frames_file}"]
    done = run(command, tmp_path, PYTHONPATH=str(installed))
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads((tmp_path / "reports" / "results.json").read_text(encoding="utf-8"))
    results = {
        result["quantity"]: result
        for result in document["results"]
        if result["criterion"] == "error_thresholds" and result["metric"] == "mae"
    }
    assert {results[name]["verdict"] for name in ("energy", "forces")} == {"pass"}
    (model,) = Path(os.environ["MS25_CACHE_DIR"]).glob("training/*/lennard-jones-*.lj")
    learned = json.loads(model.read_text())["lennard-jones"]
    assert (learned["epsilon"], learned["sigma"]) == pytest.approx((EPSILON, SIGMA), rel=1e-4)
    manifest = json.loads(model.with_name(f"{model.name}.json").read_text())
    assert manifest["versions"] == {"ms25-lennard-jones": "1.0"}
    assert manifest["model"]["ended_by"] == "convergence"
