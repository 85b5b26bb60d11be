"""Kinds of files that can be made from a model file, and the tools that make them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ms25_suite.core.errors import UsageError

__all__ = ["TARGETS", "Target", "find_target"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A kind of file, and the tool that makes it.

    Parameters
    ----------
    name
        Name of the kind.
    architectures
        Architectures from whose models it can be made.
    suffix
        Suffix of the file name that its readers require.
    distributions
        Distributions whose versions it depends on.
    arguments
        Function from model file, output file, device and floating-point type to the arguments of
        Python that run the tool; None if the model file itself is what is read.
    produced
        Suffix that the tool appends to the name of the model file, if the name of its output cannot
        be given.
    native
        Whether the file contains machine code for this processor.
    any_dtype
        Whether it computes in the requested floating-point type; otherwise in the model's own.
    head_option
        Option of the tool that takes the head of a model with several, with its ``=``; empty if it
        has none.
    advice
        What to do if the tool fails, besides reading its output.
    if_it_crashes
        What to do if the tool crashes, instead of `advice`; empty: nothing else.
    obstacle
        Why there is no such tool; empty if there is one.
    source
        Where the tool is documented.
    """

    name: str
    architectures: tuple[str, ...]
    suffix: str
    distributions: tuple[str, ...] = ()
    arguments: Callable[[Path, Path, str, str], tuple[str, ...]] | None = None
    produced: str = ""
    native: bool = False
    any_dtype: bool = False
    head_option: str = ""
    advice: str = ""
    if_it_crashes: str = ""
    obstacle: str = ""
    source: str = ""


def _mace(*options: str) -> Callable[[Path, Path, str, str], tuple[str, ...]]:
    module = "mace.cli.create_lammps_model"  # the command mace_create_lammps_model
    return lambda model, out, device, dtype: (
        *("-m", module, str(model), f"--dtype={dtype}", *options),
    )


def _nequip_compile(target: str) -> Callable[[Path, Path, str, str], tuple[str, ...]]:
    module = "nequip.scripts.compile"  # the command nequip-compile
    options = ("--mode=aotinductor", f"--target={target}")
    return lambda model, out, device, dtype: (
        *("-m", module, str(model), str(out), f"--device={device}", *options),
    )


def _nequip_mliap(model: Path, out: Path, _device: str, _dtype: str) -> tuple[str, ...]:
    # the command nequip-prepare-lmp-mliap
    return ("-m", "nequip.integrations.lammps_mliap.create_lmp_mliap_file", str(model), str(out))


_NEQUIP: Final = ("nequip", "nequip-allegro", "torch", "e3nn")
_COMPILER: Final = "It needs a C++ compiler (g++ on the search path)"
_LOADED: Final = (
    "It loads the native code that it has made, which PyTorch 2.11 for CUDA 13 does not survive "
    "on a GPU. Leave out --mlip-compile, or try another PyTorch; Allegro needs no native code on a "
    "GPU with cuequivariance-torch and cuequivariance-ops-torch-cu13 (or -cu12)"
)


def _compiled(target: str, *architectures: str) -> Target:
    return Target(
        name=target,
        architectures=architectures,
        suffix=".nequip.pt2",
        distributions=_NEQUIP,
        arguments=_nequip_compile(target),
        native=True,
        advice=_COMPILER,
        if_it_crashes=_LOADED,
        source="https://nequip.readthedocs.io/en/latest/integrations/lammps/pair_styles.html and "
        "`nequip-compile --help` of nequip 0.19.1",
    )


TARGETS: Final = (
    _compiled("ase", "nequip", "allegro"),
    _compiled("batch", "nequip", "allegro"),
    _compiled("pair_nequip", "nequip"),
    _compiled("pair_allegro", "allegro"),
    Target(
        name="mliap",
        architectures=("nequip", "allegro"),
        suffix=".nequip.lmp.pt",
        distributions=(*_NEQUIP, "lammps"),
        arguments=_nequip_mliap,
        advice="It needs the Python package of LAMMPS in the environment of nequip; if that is a "
        "managed one: ms25 env create nequip --rebuild",
        source="https://nequip.readthedocs.io/en/latest/integrations/lammps/mliap.html",
    ),
    Target(
        name="mliap",
        architectures=("mace",),
        suffix=".model-mliap_lammps.pt",
        distributions=("mace-torch", "torch", "e3nn"),
        arguments=_mace("--format=mliap"),
        produced="-mliap_lammps.pt",
        any_dtype=True,
        head_option="--head=",
        advice="It needs the packages cuequivariance and cuequivariance-torch, and a GPU",
        source="https://mace-docs.readthedocs.io/en/latest/guide/lammps_mliap.html",
    ),
    Target(
        name="pair_mace",
        architectures=("mace",),
        suffix=".model-lammps.pt",
        distributions=("mace-torch", "torch", "e3nn"),
        arguments=_mace(),
        produced="-lammps.pt",
        any_dtype=True,
        head_option="--head=",
        advice="Of a model with several heads, name the one to use: FILE:head=NAME",
        source="https://mace-docs.readthedocs.io/en/latest/guide/lammps.html",
    ),
    Target(
        name="mlip",
        architectures=("mtp",),
        suffix=".mtp",
        source="https://gitlab.com/ashapeev/interface-lammps-mlip-2: the potential itself",
    ),
    Target(
        name="pair_ani",
        architectures=("ani",),
        suffix=".pt",
        obstacle="TorchANI 2.9 has no tool for it: the files of pair_ani are made by scripts of "
        "https://github.com/roitberg-group/lammps-ani, for the models in their list only. Run "
        "the model in LAMMPS by fix external, which needs no file",
    ),
)
"""Every kind of file that can be made."""


def find_target(name: str, architecture: str) -> Target:
    """Look up a kind of file for an architecture.

    Raises
    ------
    UsageError
        No such file can be made from its models.
    """
    for target in TARGETS:
        if target.name == name and architecture in target.architectures:
            return target
    known = ", ".join(t.name for t in TARGETS if architecture in t.architectures) or "none"
    msg = f"a model of {architecture} cannot be deployed as {name!r}; possible kinds: {known}"
    raise UsageError(msg)
