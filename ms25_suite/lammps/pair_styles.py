"""Pair styles of LAMMPS that were made for an architecture, and which of them is used.

A build of LAMMPS with such a style calls the model without going through Python callbacks of this
suite. None of them is part of a released LAMMPS binary: the user builds one, and names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ms25_suite.lammps.build import LammpsBuild

__all__ = ["ROUTES", "Device", "NativeRoute", "choose"]

Device = Literal["cpu", "gpu"]

_BOTH: Final[tuple[Device, ...]] = ("cpu", "gpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeRoute:
    """A way for LAMMPS to call a model of an architecture.

    Parameters
    ----------
    name
        Name in results: the pair style as it is written in an input.
    architectures
        Architectures that it serves.
    target
        Kind of file that it reads, see `ms25_suite.lammps.deploy`.
    style
        Pair style that LAMMPS must have.
    pair_style, pair_coeff
        Arguments of these commands. ``{file}`` is the file, ``{elements}`` the chemical symbols in
        the order of LAMMPS' atom types.
    newton
        Setting of ``newton``. All routes take ``units metal``, ``atom_style atomic`` and
        ``atom_modify map``, which some of them need.
    packages
        Packages that LAMMPS must have.
    oldest
        Oldest version of LAMMPS as a date.
    devices
        Where it computes.
    kokkos
        Devices for which LAMMPS must be started with its KOKKOS package; the style is then the one
        with the suffix ``/kk``.
    settings
        Name and text of a file that the style reads besides, empty if there is none.
    one_model_order
        Whether LAMMPS' types are the model's species, in number and order: the input cannot name
        elements.
    obstacle
        Why it cannot be used by the suite; empty if it can.
    source
        Where all that is written.
    """

    name: str
    architectures: tuple[str, ...]
    target: str
    style: str
    pair_style: str
    pair_coeff: str
    newton: bool = True
    packages: frozenset[str] = frozenset()
    oldest: int = 0
    devices: tuple[Device, ...] = _BOTH
    kokkos: tuple[Device, ...] = ()
    settings: tuple[str, str] = ("", "")
    one_model_order: bool = False
    obstacle: str = ""
    source: str

    def serves(self, architecture: str) -> bool:
        """Whether it can be used for an architecture, if LAMMPS has it."""
        return architecture in self.architectures and not self.obstacle

    def missing(self, build: LammpsBuild, device: Device) -> str:
        """What a LAMMPS lacks for this route, in words; empty if nothing."""
        if device not in self.devices:
            return f"it does not run on the {device}"
        style = f"{self.style}/kk" if device in self.kokkos else self.style
        if style not in build.pair_styles:
            return f"the pair style {style}"
        lacking = sorted(self.packages - build.packages)
        if lacking:
            return f"the package {', '.join(lacking)}"
        if device in self.kokkos and build.kokkos_gpu != (device == "gpu"):
            return f"a KOKKOS package for the {device}"
        if build.version < self.oldest:
            return f"version {self.oldest} or newer, found {build.version}"
        return ""

    def commands(self, file: str, symbols: Sequence[str]) -> tuple[str, ...]:
        """Commands that define the interactions.

        Parameters
        ----------
        file
            The deployed file as a word of LAMMPS' input.
        symbols
            Chemical symbols in the order of LAMMPS' atom types.
        """
        values = {"file": file, "elements": " ".join(symbols)}
        return (
            f"pair_style {self.pair_style.format(**values)}",
            f"pair_coeff {self.pair_coeff.format(**values)}",
        )

    def arguments(self, device: Device) -> tuple[str, ...]:
        """Command line that the route needs, besides input and output.

        References
        ----------
        https://docs.lammps.org/Speed_kokkos.html; the settings are those of MACE's page on ML-IAP
        and of nequip's own test ``model_tests_lammps.py``.
        """
        if device not in self.kokkos:
            return ()
        where = ("g", "1") if device == "gpu" else ("t", "1")
        settings = ("newton", "on" if self.newton else "off", "neigh", "half")
        return ("-k", "on", *where, "-sf", "kk", "-pk", "kokkos", *settings)


ROUTES: Final = (
    NativeRoute(
        name="allegro",
        architectures=("allegro",),
        target="pair_allegro",
        style="allegro",
        pair_style="allegro",
        pair_coeff="* * {file} {elements}",
        oldest=20250910,
        kokkos=("gpu",),
        source="README.md and pair_nequip_allegro.cpp of "
        "https://github.com/mir-group/pair_nequip_allegro: newton on, LAMMPS from 10 Sep 2025 on, "
        "KOKKOS recommended on GPUs",
    ),
    NativeRoute(
        name="nequip",
        architectures=("nequip",),
        target="pair_nequip",
        style="nequip",
        pair_style="nequip",
        pair_coeff="* * {file} {elements}",
        newton=False,
        oldest=20250910,
        source="README.md and pair_nequip_allegro.cpp of "
        "https://github.com/mir-group/pair_nequip_allegro: newton off, one MPI rank, no KOKKOS",
    ),
    NativeRoute(
        name="mliap unified",
        architectures=("mace", "nequip", "allegro"),
        target="mliap",
        style="mliap",
        pair_style="mliap unified {file} 0",
        pair_coeff="* * {elements}",
        packages=frozenset({"ML-IAP", "PYTHON"}),
        # Messages between atoms go through functions that only LAMMPS' KOKKOS data have.
        devices=("gpu",),
        kokkos=("gpu",),
        source="https://mace-docs.readthedocs.io/en/latest/guide/lammps_mliap.html; "
        "nequip/utils/unittests/model_tests_lammps.py of nequip 0.19.1, whose tests need CUDA",
    ),
    NativeRoute(
        name="mace",
        architectures=("mace",),
        target="pair_mace",
        style="mace",
        pair_style="mace no_domain_decomposition",
        pair_coeff="* * {file} {elements}",
        kokkos=("gpu",),
        source="https://mace-docs.readthedocs.io/en/latest/guide/lammps.html: atom_modify map yes, "
        "newton on",
    ),
    NativeRoute(
        name="mlip",
        architectures=("mtp",),
        target="mlip",
        style="mlip",
        pair_style="mlip mlip.ini",
        pair_coeff="* *",
        devices=("cpu",),
        settings=("mlip.ini", "mtp-filename {file}\nselect FALSE\n"),
        one_model_order=True,
        source="https://gitlab.com/ashapeev/interface-lammps-mlip-2, PairMLIP: one file of "
        "settings, newton on, one process. The interface of MLIP-3 has the same name and takes "
        "load_from=FILE instead; which of them an executable has is not told by it",
    ),
    NativeRoute(
        name="ani",
        architectures=("ani",),
        target="pair_ani",
        style="ani",
        pair_style="ani {cutoff} {file} {device}",
        pair_coeff="* *",
        newton=False,
        obstacle="pair_ani (https://github.com/roitberg-group/lammps-ani) reads TorchScript files "
        "that its own scripts make of the models in their list, not of a model trained with "
        "TorchANI, it needs `units real`, and it gives no stress",
        source="pair_ani.cpp and models/ of https://github.com/roitberg-group/lammps-ani",
    ),
)
"""All routes, the preferred one of an architecture first.

Styles that compute in C++ come before those that call Python. ``mliap unified`` comes before
``mace``, since MACE's page on ML-IAP says that it performs better on GPUs, the only place where it
is offered here. None of this was measured by the suite.
"""


def choose(
    architecture: str,
    build: LammpsBuild,
    device: Device = "cpu",
    routes: Iterable[NativeRoute] = ROUTES,
) -> NativeRoute | None:
    """Preferred route of an architecture that a LAMMPS has; None if it has none."""
    for route in routes:
        if route.serves(architecture) and not route.missing(build, device):
            return route
    return None
