"""Potentials that are wrong in one way each fail what names their fault.

A row of `TABLE` says by what a wrong potential must be found: criterion and quantity. Who adds a
criterion adds its quantities to the rows of the faults that it names, and its name to `CRITERIA`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write

from ms25_suite.plugin.pool import PotentialPool
from ms25_suite.potentials.potential import Potential
from ms25_suite.potentials.spec import PotentialSpec
from tests.helpers.in_process import InProcess
from tests.helpers.wrong_potentials import WRONG, Good, calculator_text

Document = Callable[..., dict[str, Any]]

CRITERIA: Final = ("consistency", "error_thresholds", "short_range", "smoothness")
"""Criteria that the table knows; each leaves alone what is not in its rows."""

STEP, JUMP = ("smoothness", "energy_step"), ("smoothness", "force_jump")
ROUGH = ("smoothness", "roughness")
HOLE, COMPRESSION = ("short_range", "hole"), ("short_range", "compression")

N_ATOMS = 32

FORCES, STRESS = ("consistency", "forces_from_energy"), ("consistency", "stress_from_energy")


def law(name: str) -> tuple[str, str]:
    return "consistency", name


def part(name: str) -> tuple[str, str]:
    """A part of the errors on labelled frames."""
    return "error_thresholds", name


TABLE: Final[dict[str, set[tuple[str, str]]]] = {
    "lab axes": {law("rotation")},
    "forces 3 % off": {FORCES},
    # A stress whose shear is wrong does not turn along either.
    "shear sign": {STRESS, law("rotation"), part("stress_shear")},
    # Two of three components: the errors of eight frames leave it undecided.
    "yz and xy swapped": {STRESS, law("rotation")},
    "no shear": {STRESS, law("rotation"), part("stress_shear")},
    "jump of the force": {JUMP},
    "step of the energy": {STEP},
    "one element 10 % off": {FORCES, law("net_force"), part("forces_scale")},
    "hole": {HOLE},
    "few atoms": {STEP, JUMP, HOLE},
    "left-handed cell": {law("cell_choice")},
    "order of the atoms": {law("permutation"), law("supercell")},
    "egg-box": {law("translation"), law("net_force"), law("cell_choice"), law("supercell")},
    "random": {law("determinism")},
    "curl": {FORCES},
    "net force": {FORCES, law("net_force")},
    "N log N": {law("supercell")},
    # Energy, forces and stress are wrong together: but for a fall of the energy, only labels tell.
    "compressed": {COMPRESSION},
    "hottest frames": {part("forces_scale")},
    "8 % of frames": {part("forces_worst_frame")},
}
"""By what each fault must be found."""

ALSO: Final[dict[str, set[tuple[str, str]]]] = {
    # Random forces break everything that is compared, and chance decides which.
    "random": {FORCES, *map(law, ("rotation", "translation", "permutation", "inversion"))}
    | {*map(law, ("periodic_images", "cell_choice", "supercell", "net_force"))}
    | {STEP, JUMP, ROUGH},
    "few atoms": {ROUGH},
    # Where a pair crosses the step on the way, the energy changes and no force says so.
    "jump of the force": {FORCES, STRESS},
    "step of the energy": {FORCES, STRESS, COMPRESSION},
}
"""What may find it besides."""


def errors(found: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Errors on labelled frames, which may follow from any fault."""
    return {one for one in found if one[0] == "error_thresholds"}


@pytest.fixture(scope="module")
def alloy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cu-Ni of 32 atoms with labels of the good potential."""
    rng = np.random.default_rng(2)
    images = []
    for index in range(12):
        atoms = bulk("Ni", a=3.58 + 0.08 * rng.random(), cubic=True) * (2, 2, 2)
        # One frame, 8 % of them, has a composition of its own.
        n_nickel = 12 if index == 7 else 15
        atoms.numbers = rng.permutation([28] * n_nickel + [29] * (N_ATOMS - n_nickel))
        atoms.rattle(0.08, seed=index)
        atoms.calc = Good()
        labelled = atoms.copy()
        labelled.info["REF_energy"] = atoms.get_potential_energy()
        labelled.arrays["REF_forces"] = atoms.get_forces()
        labelled.info["REF_stress"] = atoms.get_stress()
        images.append(labelled)
    path = tmp_path_factory.mktemp("alloy") / "alloy.extxyz"
    write(path, images)
    return path


def test_every_wrong_potential_has_a_row() -> None:
    assert set(TABLE) == set(WRONG)


@pytest.mark.usefixtures("no_drawing")
def test_each_fails_what_names_its_fault(
    pytester: pytest.Pytester,
    alloy: Path,
    document: Document,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kinds = {"good": Good, **WRONG}
    names = {f"p{index}": name for index, name in enumerate(kinds)}
    for short, name in names.items():
        (pytester.path / f"{short}.py").write_text(calculator_text(kinds[name]), encoding="utf-8")

    def make(_: PotentialPool, spec: PotentialSpec, __: object) -> Potential:
        # A worker process for each of them would take most of the time.
        return InProcess(kinds[names[spec.name]], spec.name)

    monkeypatch.setattr(PotentialPool, "_make", make)
    asked = [f"--mlip={short}.py" for short in names]
    done = pytester.runpytest(*asked, f"--dataset={alloy}", "-m", " or ".join(CRITERIA))
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in kinds}
    judged: dict[str, set[str]] = {name: set() for name in kinds}
    for result in document()["results"]:
        name = names[result["potential"]]
        judged[name] |= {result["verdict"]} - {None}
        # What raises is an error, and as good as a failure.
        if result["verdict"] in ("fail", "error"):
            found[name].add((result["criterion"], result["quantity"]))
    assert judged["good"] <= {"pass", "skip"}
    missed = {name: row - found[name] for name, row in TABLE.items() if row - found[name]}
    assert missed == {}
    surplus = {
        name: rest
        for name in TABLE
        if (rest := found[name] - TABLE[name] - ALSO.get(name, set()) - errors(found[name]))
    }
    assert surplus == {}
