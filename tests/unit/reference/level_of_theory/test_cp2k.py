"""CP2K: its input, its command, and the calculator over its shell."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators import cp2k as ase_cp2k
from ase.io import read

from ms25_suite.core.errors import ReferenceCalculatorError, UsageError
from ms25_suite.reference.level_of_theory.cp2k import Cp2kCalculator, cp2k_command, cp2k_input
from ms25_suite.reference.level_of_theory.inputs import paper_calculator, write_inputs
from ms25_suite.reference.level_of_theory.settings import find_level_of_theory


def water() -> Atoms:
    atoms = molecule("H2O", cell=[[6, 0, 0], [0, 6.5, 0], [0.5, 0, 7]], pbc=True)
    atoms.center()
    return atoms


def test_input_of_cp2k(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "water"
    written = write_inputs("water", water(), folder)
    assert [path.name for path in written] == ["cp2k.inp", "README.md"]
    lines = [line.strip() for line in (folder / "cp2k.inp").read_text().splitlines()]
    for line in (
        "CUTOFF [Ry] 1200",
        "&GGA_X_RPBE T",
        "&GGA_C_PBE T",
        "TYPE DFTD3",
        "REFERENCE_FUNCTIONAL RPBE",
        "BASIS_SET DZVP-MOLOPT-SR-GTH",
        "POTENTIAL GTH-PBE",
        "ENERGY_GAP 0.00183747",
        "STEPSIZE 0.1",
        "CALCULATE_C9_TERM F",
        "B 0.0000000000000000 6.5000000000000000 0.0000000000000000",
        "PERIODIC XYZ",
    ):
        assert lines.count(line) == (2 if "GTH" in line else 1), line
    back = read(folder / "cp2k.inp", format="cp2k-restart")
    assert back.get_chemical_symbols() == water().get_chemical_symbols()
    np.testing.assert_allclose(back.positions, water().positions, atol=1e-15)
    np.testing.assert_allclose(back.cell.array, water().cell.array, atol=1e-15)


class _Shell:
    """Stands for CP2K's shell, which is not asked anything."""

    version = 7.0
    isready = True

    def __init__(self, command: str, debug: bool) -> None:
        self.command = command

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("name", "cutoff"), [("water", "1200"), ("cha", "1000")])
def test_the_calculator_has_the_same_input(
    name: str, cutoff: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ase_cp2k, "Cp2kShell", _Shell)
    atoms = water() if name == "water" else bulk("Si")
    level = find_level_of_theory(name)
    with Cp2kCalculator(level, tmp_path / "it's", command="cp2k_shell") as calculator:
        assert calculator._shell.command.endswith("/it'\"'\"'s' && cp2k_shell")
        calculator.atoms = atoms
        theirs = calculator._generate_input()

    def content(text: str) -> list[tuple[str, ...]]:
        """Lines with numbers as numbers: ASE prints more digits."""
        rows = []
        for line in text.splitlines():
            words = line.split("!")[0].split()
            if words:
                rows.append(tuple(_number(word) for word in words))
        return sorted(rows)

    def _number(word: str) -> str:
        try:
            return f"{float(word):.12g}"
        except ValueError:
            return word

    assert content(theirs) == content(cp2k_input(level, atoms))
    assert f"CUTOFF [Ry] {cutoff}" in theirs


def test_the_command_of_cp2k(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASE_CP2K_COMMAND", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReferenceCalculatorError, match="apt-get install cp2k"):
        cp2k_command()
    with pytest.raises(ReferenceCalculatorError, match="needs CP2K"):
        paper_calculator("water", tmp_path / "run")
    program = tmp_path / "cp2k.ssmp"
    program.write_text("#!/bin/sh\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    assert cp2k_command() == "cp2k.ssmp -s"
    monkeypatch.setenv("ASE_CP2K_COMMAND", "mpirun -n 4 my_shell")
    assert cp2k_command() == "mpirun -n 4 my_shell"


@pytest.mark.filterwarnings("ignore:CP2K-shell not ready:RuntimeWarning")
def test_a_command_that_is_no_shell_of_cp2k(tmp_path: Path) -> None:
    with pytest.raises(ReferenceCalculatorError, match="could not be started with 'false'"):
        Cp2kCalculator(find_level_of_theory("water"), tmp_path, command="false")


SHELL = """\
import pathlib, sys
print("* READY", flush=True)
for line in sys.stdin:
    word = line.split()[0]
    if word == "VERSION":
        print("CP2K Shell Version: 7.0", flush=True)
    elif word == "WRITE_FILE":
        while next(sys.stdin).strip() != "*END":
            pass
    elif word == "LOAD":
        print(1, flush=True)
    elif word == "SET_CELL":
        for _ in range(3):
            next(sys.stdin)
    elif word == "SET_POS":
        while next(sys.stdin).strip() != "*END":
            pass
        print(0.0, flush=True)
    elif word == "EVAL_EF":
        pathlib.Path("cp2k.out").open("a").write({text!r})
        if {dies}:
            sys.exit(1)
    elif word == "GET_E":
        print(-1.5, flush=True)
    elif word == "GET_F":
        print("9\\n" + "0.5 0 0\\n" * 3 + "* END", flush=True)
    elif word == "GET_STRESS":
        print("0.1 0 0 0 0.2 0 0 0 0.3", flush=True)
    elif word == "EXIT":
        break
    print("* READY", flush=True)
"""


def shell(folder: Path, text: str, *, dies: bool = False) -> str:
    """Command that speaks as CP2K's shell does."""
    script = folder / "shell.py"
    script.write_text(SHELL.replace("{text!r}", repr(text)).replace("{dies}", str(dies)))
    return f"{sys.executable} {script}"


def test_answers_of_the_shell(tmp_path: Path) -> None:
    command = shell(tmp_path, "*** SCF run converged in 9 steps ***\n")
    with paper_calculator("water", tmp_path / "run", command=command) as calculator:
        atoms = water()
        atoms.calc = calculator
        assert atoms.get_potential_energy() == -1.5
        np.testing.assert_allclose(atoms.get_forces(), [[0.5, 0, 0]] * 3)
        np.testing.assert_allclose(atoms.get_stress(), [-0.1, -0.2, -0.3, 0, 0, 0])
        atoms.numbers[0] = 29
        with pytest.raises(UsageError, match="also contains Cu"):
            atoms.get_potential_energy()


def test_electrons_that_do_not_converge(tmp_path: Path) -> None:
    """CP2K before 2024 goes on as if nothing had happened."""
    command = shell(tmp_path, "*** WARNING: SCF run NOT converged ***\n")
    with paper_calculator("water", tmp_path, command=command) as calculator:
        atoms = water()
        atoms.calc = calculator
        with pytest.raises(ReferenceCalculatorError, match=r"did not converge: see .*cp2k\.out"):
            atoms.get_potential_energy()
        assert calculator.results == {}


@pytest.mark.filterwarnings("ignore:CP2K-shell not ready:RuntimeWarning")
def test_a_shell_that_dies(tmp_path: Path) -> None:
    calculator = paper_calculator("water", tmp_path, command=shell(tmp_path, "", dies=True))
    atoms = water()
    atoms.calc = calculator
    with pytest.raises(ReferenceCalculatorError, match="CP2K ended without a result"):
        atoms.get_potential_energy()
    calculator.close()
