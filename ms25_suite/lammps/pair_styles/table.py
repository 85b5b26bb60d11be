"""Table of the pair styles that were written for an architecture, and the choice among them.

A LAMMPS built with such a style calls the model without the Python callback of ``fix external``.
No released LAMMPS binary contains one: users build LAMMPS with it and give the executable.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ms25_suite.lammps.executable.build import LammpsBuild

__all__ = ["PAIR_STYLES", "Device", "PairStyle", "choose_pair_style"]

Device = Literal["cpu", "gpu"]

_BOTH: Final[tuple[Device, ...]] = ("cpu", "gpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class PairStyle:
    """A pair style of LAMMPS that evaluates models of one or more architectures.

    Parameters
    ----------
    name
        Name in results: the pair style as written in an input.
    architectures
        Architectures whose models it evaluates.
    target
        Kind of file that it reads, see `ms25_suite.lammps.deploy.targets`.
    style
        Pair style that LAMMPS must have been built with.
    pair_style, pair_coeff
        Arguments of these commands. ``{file}`` stands for the file, ``{elements}`` for the chemical
        symbols in the order of LAMMPS' atom types.
    newton
        Setting of the command ``newton``. All styles work with ``units metal``,
        ``atom_style atomic`` and ``atom_modify map``, which some of them need.
    packages
        Packages that LAMMPS must have been built with.
    oldest
        Oldest version of LAMMPS as a date.
    devices
        Devices on which it can compute.
    kokkos
        Devices for which LAMMPS must be started with its KOKKOS package; the style is then the one
        with the suffix ``/kk``.
    settings
        Name and text of an additional file that the style reads; empty if there is none.
    types_are_species
        Whether LAMMPS' atom types must be the species of the model in number and order, because the
        input cannot name elements.
    obstacle
        Why the suite cannot use it; empty if it can.
    source
        Where all this is documented.
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
    types_are_species: bool = False
    obstacle: str = ""
    source: str

    def serves(self, architecture: str) -> bool:
        """Whether it can evaluate an architecture in a LAMMPS that has it."""
        return architecture in self.architectures and not self.obstacle

    def missing(self, build: LammpsBuild, device: Device) -> str:
        """What a LAMMPS lacks for this pair style, in words; empty if nothing."""
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
            Name of the deployed file in the working folder.
        symbols
            Chemical symbols in the order of LAMMPS' atom types.
        """
        values = {"file": file, "elements": " ".join(symbols)}
        return (
            f"pair_style {self.pair_style.format(**values)}",
            f"pair_coeff {self.pair_coeff.format(**values)}",
        )

    def arguments(self, device: Device) -> tuple[str, ...]:
        """Arguments of LAMMPS' command line that the pair style needs.

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


PAIR_STYLES: Final = (
    PairStyle(
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
    PairStyle(
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
    PairStyle(
        name="mliap unified",
        architectures=("mace", "nequip", "allegro"),
        target="mliap",
        style="mliap",
        pair_style="mliap unified {file} 0",
        pair_coeff="* * {elements}",
        packages=frozenset({"ML-IAP", "PYTHON"}),
        # Message passing between atoms uses functions that only the KOKKOS version provides.
        devices=("gpu",),
        kokkos=("gpu",),
        source="https://mace-docs.readthedocs.io/en/latest/guide/lammps_mliap.html; "
        "nequip/utils/unittests/model_tests_lammps.py of nequip 0.19.1, whose tests need CUDA",
    ),
    PairStyle(
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
    PairStyle(
        name="mlip",
        architectures=("mtp",),
        target="mlip",
        style="mlip",
        pair_style="mlip mlip.ini",
        pair_coeff="* *",
        devices=("cpu",),
        settings=("mlip.ini", "mtp-filename {file}\nselect FALSE\n"),
        types_are_species=True,
        source="https://gitlab.com/ashapeev/interface-lammps-mlip-2, PairMLIP: one file of "
        "settings, newton on, one process. The interface of MLIP-3 has the same name but expects "
        "load_from=FILE; `lmp -h` does not tell which of the two an executable has",
    ),
    PairStyle(
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
"""All pair styles, the preferred one of each architecture first.

Styles in C++ come before those that call Python. ``mliap unified`` comes before ``mace``, because
MACE's page on ML-IAP says that it is faster on GPUs, and it is used on GPUs only. The suite has not
measured any of this.
"""


def choose_pair_style(
    architecture: str,
    build: LammpsBuild,
    device: Device = "cpu",
    styles: Iterable[PairStyle] = PAIR_STYLES,
) -> PairStyle | None:
    """First pair style for an architecture that a LAMMPS has; None if it has none.

    Parameters
    ----------
    architecture
        Architecture of the model.
    build
        LAMMPS.
    device
        Where to compute.
    styles
        Pair styles to choose from, the preferred ones first.
    """
    for style in styles:
        if style.serves(architecture) and not style.missing(build, device):
            return style
    return None
