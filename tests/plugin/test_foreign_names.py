"""Names that control terminals, and terminals that cannot show every name."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from xml.dom import minidom

import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.io import write


@pytest.fixture
def dataset(pytester: pytest.Pytester) -> Callable[[str, float], str]:
    """Write three labelled cells of copper into a file; returns its name."""

    def make(name: str, displaced: float = 0.05) -> str:
        images = []
        for seed in range(3):
            atoms = bulk("Cu", cubic=True)
            atoms.rattle(displaced, seed=seed)
            atoms.calc = EMT()
            atoms.info["REF_energy"] = atoms.get_potential_energy()
            atoms.arrays["REF_forces"] = atoms.get_forces()
            atoms.calc = None
            images.append(atoms)
        path = pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, images, format="extxyz")
        return name

    return make


def test_names_are_harmless_everywhere(
    pytester: pytest.Pytester, calc: Callable[..., str], dataset: Callable[..., str]
) -> None:
    potential = calc(name="c\x1b[31m$x_{\u202e")
    frames = dataset("=1+1\n$\\frac.extxyz")
    command = [sys.executable, "-m", "pytest", f"--mlip=./{potential}", f"--dataset=./{frames}"]
    ended = subprocess.run(
        [*command, "-m", "error_thresholds", "--junitxml=junit.xml"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    text = ended.stdout.decode("ascii")
    assert {char for char in text if not char.isprintable()} <= {"\n"}, ended.stderr
    assert "c\\x1b[31m$x_{\\u202e" in text
    assert "meV/A" in text
    reports = pytester.path / "reports"
    with (reports / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["dataset"] for row in rows} == {"'=1+1\\n$\\frac"}
    for file_name in ("reports/heatmap.svg", "junit.xml"):
        minidom.parse(str(pytester.path / file_name))
    source = (reports / "report.html").read_text(encoding="utf-8")
    assert {"\x1b", "\u202e"} & set(source) == set()


def test_files_of_one_name_have_their_folders_in_front(
    pytester: pytest.Pytester, calc: Callable[..., str], dataset: Callable[..., str]
) -> None:
    names = [dataset(f"run{run}/data.extxyz", 0.05 * run) for run in (1, 2)]
    done = pytester.runpytest_subprocess(
        f"--mlip={calc()}", *(f"--dataset={name}" for name in names), "-m", "error_thresholds"
    )
    done.stdout.fnmatch_lines(["dataset: run1/data,*", "dataset: run2/data,*"])
    document = json.loads((pytester.path / "reports" / "results.json").read_text(encoding="utf-8"))
    assert {entry["dataset"] for entry in document["results"]} == {"run1/data", "run2/data"}
