"""Rows about units, symmetry and names that are hostile or not unique."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from ms25_suite.core.cache import file_sha256
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Judge = Callable[..., Outcome]
Dataset = Callable[..., str]
Command = Callable[..., Outcome]

KCAL = 23.060548
CHECK = ("-m", "error_thresholds")


def labelled(atoms: Atoms) -> Atoms:
    atoms.calc = EMT()
    atoms.info["REF_energy"] = atoms.get_potential_energy()
    atoms.arrays["REF_forces"] = atoms.get_forces()
    atoms.calc = None
    return atoms


def calculator(folder: Path, remark: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "calc.py"
    text = "from ase.calculators.emt import EMT\n\n\ndef calculator():\n    return EMT()\n"
    path.write_text(text + remark)
    return path


STAND_IN = (
    "built-in labels that stand in for DFT, and a potential that is not known to have learned "
    "them (no sidecar, a calculator, a sidecar of another level of theory)"
)
STAND_IN_CARD = 'level_of_theory = "EMT"\nstand_in = true\n'


@row(STAND_IN)
def test_labels_of_another_level_of_theory(
    judge: Judge, images: list[Atoms], dataset: Dataset, emt: str
) -> None:
    data = dataset(images, STAND_IN_CARD)
    outcome = judge(f"--mlip={emt}", f"--dataset={data}")
    assert outcome.verdicts == {"incomparable"}
    assert outcome.text.index("≠ two levels of theory") < outcome.text.index("collected")


@pytest.mark.mace
@row("the same, and a sidecar without checksum that says it has learned them")
def test_a_sidecar_that_anybody_wrote(
    judge: Judge, images: list[Atoms], dataset: Dataset, tiny_mace: Path
) -> None:
    model = Path(shutil.copy(tiny_mace, "some.model"))
    sidecar = {
        "schema": 1,
        "curve": {},
        "model": {"sha256": file_sha256(model)},
        "data": {"level_of_theory": "EMT"},
    }
    Path("some.model.json").write_text(json.dumps(sidecar))
    outcome = judge("--mlip=some.model", f"--dataset={dataset(images, STAND_IN_CARD)}")
    assert outcome.verdicts == {"incomparable"}
    assert "(its sidecar has no checksum" in " ".join(outcome.text.split())


@row("the same, with `--stand-in=gate`")
def test_labels_of_another_level_of_theory_that_count(
    judge: Judge, images: list[Atoms], dataset: Dataset, emt: str
) -> None:
    data = dataset(images, STAND_IN_CARD)
    outcome = judge(f"--mlip={emt}", f"--dataset={data}", "--stand-in=gate")
    assert outcome.verdicts == {"pass"}
    assert {result["incomparable"] for result in outcome.results} == {True}


@row("the same, and the potential does not respond to the structure")
def test_a_constant_on_labels_of_another_level_of_theory(
    judge: Judge, images: list[Atoms], dataset: Dataset
) -> None:
    body = "self.results = {'energy': -3.0 * len(self.atoms), 'forces': 0 * self.atoms.positions}"
    Path("constant.py").write_text(
        "from ase.calculators.calculator import Calculator\n\n\n"
        "class calculator(Calculator):\n"
        "    implemented_properties = ['energy', 'forces']\n\n"
        "    def calculate(self, *arguments):\n"
        f"        super().calculate(*arguments)\n        {body}\n"
    )
    outcome = judge("--mlip=constant.py", f"--dataset={dataset(images, STAND_IN_CARD)}")
    assert outcome.verdicts == {"fail", "skip"}
    assert "does not respond to the structure" in outcome.text


@row("two files of one name (`runA/model.model`, `runB/model.model`; the same for `--dataset`)")
def test_two_files_of_one_name(judge: Judge, images: list[Atoms], dataset: Dataset) -> None:
    options = [f"--mlip={calculator(Path(f'run{run}'), f'# {run}')}" for run in "AB"]
    for run in "AB":
        Path(dataset(images[: 10 if run == "A" else 12])).rename(f"run{run}/x.extxyz")
    outcome = judge(*options, "--dataset=runA/x.extxyz", "--dataset=runB/x.extxyz", *CHECK)
    assert {r["potential"] for r in outcome.results} == {"runA/calc", "runB/calc"}
    assert {r["dataset"] for r in outcome.results} == {"runA/x", "runB/x"}


@row("the same file given twice under different paths")
def test_one_file_twice(judge: Judge, images: list[Atoms], dataset: Dataset) -> None:
    path = calculator(Path("run"))
    outcome = judge(
        f"--mlip={path}", "--mlip=run/../run/calc.py", f"--dataset={dataset(images)}", *CHECK
    )
    assert "--mlip=run/calc.py and --mlip=run/../run/calc.py are the same file" in outcome.text


@row(
    "labels or predictions of energies, forces or stresses in another unit or of the opposite sign"
)
@pytest.mark.parametrize(
    ("factor", "words"),
    [(KCAL, "the labels seem to have the unit kcal/mol/Å"), (-1.0, "the opposite sign")],
)
def test_labels_in_another_unit(
    judge: Judge, images: list[Atoms], dataset: Dataset, emt: str, factor: float, words: str
) -> None:
    for atoms in images:
        atoms.arrays["REF_forces"] *= factor
        atoms.info["REF_energy"] *= KCAL
    outcome = judge(f"--mlip={emt}", f"--dataset={dataset(images)}", *CHECK)
    assert words in outcome.warnings
    assert "95 % interval" in outcome.warnings
    assert "the labels seem to have the unit kcal/mol" in outcome.warnings


@row("forces that symmetry makes zero")
def test_forces_that_are_zero_by_symmetry(judge: Judge, dataset: Dataset, emt: str) -> None:
    images = []
    for scale in np.linspace(0.97, 1.03, 5):
        atoms = bulk("Cu", a=3.6 * scale, cubic=True) * 2
        # Around a vacancy, some atoms feel a force, and those opposite to it none.
        del atoms[0]
        images.append(labelled(atoms))
    outcome = judge(f"--mlip={emt}", f"--dataset={dataset(images)}", *CHECK)
    assert "exactly zero" not in outcome.text


@row("forces that are stiffer than any bond, however small")
def test_stiff_forces(judge: Judge, dataset: Dataset, emt: str) -> None:
    rng = np.random.default_rng(0)
    images = []
    for _ in range(15):
        atoms = bulk("Cu", cubic=True) * 2
        atoms.rattle(0.003, rng=rng)
        labelled(atoms)
        atoms.info["REF_energy"] *= KCAL
        atoms.arrays["REF_forces"] *= KCAL
        images.append(atoms)
    outcome = judge(f"--mlip={emt}", f"--dataset={dataset(images)}", *CHECK)
    assert "they are hardly eV/Å. Likely units are kcal/mol/Å" in outcome.warnings


@row("files whose names hold escape sequences, line breaks, reversing marks or formulas")
def test_hostile_names(judge: Judge, images: list[Atoms], dataset: Dataset, emt: str) -> None:
    frames = dataset(images, name="=1+1\n\x1b[31m\u202e")
    outcome = judge(f"--mlip={emt}", f"--dataset={frames}", *CHECK)
    seen = outcome.text.partition("collected")[2]
    assert [char for char in seen if not char.isprintable() and char != "\n"] == []
    assert "=1+1\\n\\x1b[31m\\u202e" in seen
    with Path("reports/results.csv").open(encoding="utf-8", newline="") as file:
        names = {entry["dataset"] for entry in csv.DictReader(file)}
    assert names == {"'=1+1\\n\\x1b[31m\\u202e"}


@row("terminal without UTF-8")
def test_ascii(judge: Judge, images: list[Atoms], dataset: Dataset, emt: str) -> None:
    options = (f"--mlip={emt}", f"--dataset={dataset(images)}", *CHECK)
    outcome = judge(*options, PYTHONIOENCODING="ascii")
    assert outcome.text.isascii()
    assert "meV/A" in outcome.text
    assert "<= 35" in outcome.text


@row("`ms25 report` on runs with potentials or datasets of one name and different content")
def test_merged_reports(judge: Judge, ms25: Command, images: list[Atoms], dataset: Dataset) -> None:
    frames = dataset(images)
    for run in "AB":
        path = calculator(Path(f"run{run}"), f"# {run}")
        judge(f"--mlip={path}", f"--dataset={frames}", f"--report-dir=rep{run}", *CHECK)
    text = ms25("report", "repA", "repB", "--out", "both", code=0).text
    assert "runA/calc" in text
    assert "runB/calc" in text
