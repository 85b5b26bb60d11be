"""Outputs here are cut down to the lines that tell whether the electrons converged."""

from __future__ import annotations

import gzip
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.formats.convergence import (
    find_unconverged,
    mark_unconverged,
    refuse_unconverged,
    says_unconverged,
)
from ms25_suite.datasets.importers import import_data
from tests.helpers.vasp_samples import outcar, vasprun

REACHED = "aborting loop because EDIFF is reached"
NOT_REACHED = "aborting loop EDIFF was not reached (unconverged)"


def named(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["OUTCAR", "OUTCAR.gz"])
@pytest.mark.parametrize(
    "words",
    [
        NOT_REACHED,
        "",  # VASP 5 prints nothing
        "aborting loop because hard stop was set",
    ],
)
def test_outcar_names_the_frames(words: str, name: str, tmp_path: Path) -> None:
    path = named(tmp_path, name, outcar([REACHED, words, REACHED, words]))
    expected = r"2 of 4 frames did not converge: frames 1, 3 \(EDIFF was not reached"
    with pytest.raises(DatasetError, match=expected):
        import_data([path], tmp_path / "x.extxyz")
    assert not (tmp_path / "x.extxyz").exists()


def test_kept_frames_are_marked_and_reported(tmp_path: Path) -> None:
    path = named(tmp_path, "OUTCAR", outcar([REACHED, NOT_REACHED, REACHED]))
    card = import_data([path], tmp_path / "x.extxyz", keep_unconverged=True)
    images = ase.io.read(tmp_path / "x.extxyz", ":")
    assert [says_unconverged(atoms) for atoms in images] == [False, True, False]
    (finding,) = [f for f in open_dataset(str(card)).findings if f.code == "unconverged-frames"]
    assert finding.severity == "warning"
    assert finding.frames == (1,)


def test_a_converged_outcar_is_imported_as_it_is(tmp_path: Path) -> None:
    path = named(tmp_path, "OUTCAR", outcar([REACHED, REACHED]))
    dataset = open_dataset(str(import_data([path], tmp_path / "x.extxyz")))
    assert len(dataset) == 2
    assert "unconverged-frames" not in [finding.code for finding in dataset.findings]
    assert "converged" not in (tmp_path / "x.extxyz").read_text()


def test_steps_of_a_force_field_have_no_electrons_to_converge(tmp_path: Path) -> None:
    text = outcar([REACHED, ""]).splitlines()
    kept = text.index(next(line for line in text if REACHED in line))
    lines = text[: kept + 1] + [line for line in text[kept + 1 :] if "Iteration" not in line]
    assert find_unconverged(named(tmp_path, "OUTCAR", "\n".join(lines))) is None


@pytest.mark.parametrize("name", ["vasprun.xml", "vasprun.xml.gz"])
def test_vasprun_with_as_many_steps_as_allowed(name: str, tmp_path: Path) -> None:
    path = named(tmp_path, name, vasprun([3, 5, 4], nelm=5))
    expected = r"1 of 3 frames did not converge: frame 1 \(the electrons took all NELM = 5 steps"
    with pytest.raises(DatasetError, match=expected):
        import_data([path], tmp_path / "x.extxyz")
    card = import_data([path], tmp_path / "x.extxyz", keep_unconverged=True)
    (finding,) = [f for f in open_dataset(str(card)).findings if f.code == "unconverged-frames"]
    assert finding.frames == (1,)


def test_vasprun_that_converged(tmp_path: Path) -> None:
    path = named(tmp_path, "vasprun.xml", vasprun([3, 4], nelm=5))
    assert len(open_dataset(str(import_data([path], tmp_path / "x.extxyz")))) == 2


OUTPUTS = {
    "ORCA": (
        "               *           SCF CONVERGED AFTER  11 CYCLES          *\n",
        "               *        SCF NOT CONVERGED AFTER 125 CYCLES         *\n",
        "FINAL SINGLE POINT ENERGY       -76.026\n",
    ),
    "Gaussian": (
        "",
        " >>>>>>>>>> Convergence criterion not met.\n",
        " SCF Done:  E(RHF) =  -39.55     A.U. after   12 cycles\n",
    ),
    "CASTEP": (
        "",
        " *Warning* max. SCF cycles performed but system has not reached the groundstate.\n",
        "Final energy, E             =  -335.93     eV\n",
    ),
    "ABACUS": (
        " charge density convergence is achieved\n",
        " !! convergence has not been achieved @_@\n",
        "",
    ),
    "NWChem": (
        "",
        "       Calculation failed to converge\n",
        "         Total DFT energy =      -76.4\n",
    ),
    "GPAW": ("\nConverged after 14 iterations.\n", "\nDid not converge!\n", ""),
}


@pytest.mark.parametrize("program", OUTPUTS)
def test_each_calculation_of_an_output_is_told_apart(program: str, tmp_path: Path) -> None:
    good, bad, step = OUTPUTS[program]
    text = "".join((bad if failed else good) + step for failed in (False, True, False, True))
    found = find_unconverged(named(tmp_path, "some.out", "header\n" + text))
    assert found is not None
    assert program in found.why
    assert found.of(4) == {1, 3}
    # Fewer frames than calculations: which ones they are is not known.
    assert found.of(2) == {0, 1}
    assert find_unconverged(named(tmp_path, "some.out", "header\n" + (good + step) * 4)) is None


@pytest.mark.parametrize(
    "line",
    [
        "*** scf_solver: SCF cycle not converged.",
        "FINAL SINGLE POINT ENERGY (Wavefunction not fully converged!)      -76.02",
        " SCF_NOT_CONV: SCF did not converge in maximum number of steps (required).",
        "  nstep=   20 was not enough SCF cycles to converge;",
        " SCF IS UNCONVERGED, TOO MANY ITERATIONS",
        "SCC is NOT converged, maximal SCC iterations exceeded",
        "  ATTENTION: dscf did not converge!",
        " *** WARNING: SCF run NOT converged ***",
    ],
)
def test_what_other_programs_say(line: str, tmp_path: Path) -> None:
    found = find_unconverged(named(tmp_path, "some.out.gz", f"x\n{line}\ny\n"))
    assert found is not None
    assert found.of(1) == {0}


@pytest.mark.parametrize(
    "line",
    [
        "     c_bands:  1 eigenvalues not converged",
        "  Self-consistency cycle not yet converged - restarting mixer",
        " The optimization has not yet converged - more geometry cycles are needed",
        " BFGS : geometry not converged",
    ],
)
def test_warnings_of_other_kinds_are_none(line: str, tmp_path: Path) -> None:
    assert find_unconverged(named(tmp_path, "some.out", line)) is None


def espresso(*steps: tuple[str, str]) -> str:
    lines = ["     Program PWSCF v.7.2 starts", "     convergence threshold     =      1.0E-06"]
    for accuracy, end in steps:
        lines += [
            f"     estimated scf accuracy    <       {accuracy} Ry" for accuracy in (0.1, accuracy)
        ]
        lines.append(f"     convergence {end}")
    return "\n".join(lines)


ACHIEVED = "has been achieved in   9 iterations"


def test_quantum_espresso(tmp_path: Path) -> None:
    good = ("0.00000041", ACHIEVED)
    assert find_unconverged(named(tmp_path, "pw.out", espresso(good, good))) is None
    stopped = ("0.00310000", "NOT achieved after 100 iterations: stopping")
    found = find_unconverged(named(tmp_path, "pw.out", espresso(good, stopped)))
    assert found is not None
    assert found.of(2) == {1}


def test_quantum_espresso_that_was_told_to_go_on(tmp_path: Path) -> None:
    """With ``scf_must_converge = .false.`` it claims convergence of what did not converge."""
    text = espresso(("4.1E-07", ACHIEVED), ("0.00310000", ACHIEVED), ("1.0D-07", ACHIEVED))
    found = find_unconverged(named(tmp_path, "pw.out", text))
    assert found is not None
    assert found.of(3) == {1}


def test_a_shortened_outcar_without_the_lines_that_tell(tmp_path: Path) -> None:
    text = outcar(["", ""])
    assert find_unconverged(named(tmp_path, "OUTCAR", text.replace("NELM ", "NELN "))) is None
    assert (
        find_unconverged(named(tmp_path, "OUTCAR", text.replace("NELM   =      3", "NELM = 4")))
        is None
    )
    found = find_unconverged(named(tmp_path, "OUTCAR", text))
    assert found is not None
    assert found.failed == {0, 1}


def test_a_failure_after_the_last_calculation_has_no_frame(tmp_path: Path) -> None:
    _, bad, step = OUTPUTS["Gaussian"]
    found = find_unconverged(named(tmp_path, "some.log", step + step + bad))
    assert found is not None
    assert found.of(2) == set()
    assert found.of(3) == {0, 1, 2}


def test_frames_that_cannot_be_told_apart(tmp_path: Path) -> None:
    path = named(tmp_path, "some.out", " SCF IS UNCONVERGED, TOO MANY ITERATIONS\n")
    images = [bulk("Cu") for _ in range(3)]
    found = find_unconverged(path)
    assert found is not None
    mark_unconverged(images, found)
    with pytest.raises(DatasetError, match=r"3 of 3 .* Which of them cannot be told"):
        refuse_unconverged(images, path)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("converged", False, True),
        ("converged", np.bool_(False), True),
        ("converged", "F", True),
        ("converged", True, False),
        ("scf_converged", 0, True),
        ("electronic_converged", "false", True),
        ("is_converged", False, True),
        ("vasp_converged", False, True),
        ("DFT_Converged", False, True),
        ("calculation_converged", False, True),
        ("scf_not_converged", True, True),
        ("geometry_converged", False, False),
        ("optimize_last_converged", False, False),
        ("unconverged", True, True),
        ("not_converged", True, True),
        ("unconverged", False, False),
        ("relaxation_converged", False, False),
        ("converged", 1e-6, False),
    ],
)
def test_what_a_frame_says(key: str, value: object, expected: bool) -> None:
    assert says_unconverged(Atoms("H", info={key: value})) is expected


def test_any_file_that_says_so_is_reported(tmp_path: Path) -> None:
    images = []
    for index in range(4):
        atoms = bulk("Cu", a=3.6 + 0.01 * index)
        atoms.calc = SinglePointCalculator(atoms, energy=-1.0 * index, forces=np.zeros((1, 3)))
        atoms.info["scf_converged"] = index != 2
        images.append(atoms)
    write(tmp_path / "x.extxyz", images)
    findings = {f.code: f for f in open_dataset(str(tmp_path / "x.extxyz")).findings}
    assert findings["unconverged-frames"].frames == (2,)
