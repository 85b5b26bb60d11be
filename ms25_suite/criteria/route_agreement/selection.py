"""Which routes there are for a potential, as far as that is known before it is loaded."""

from __future__ import annotations

from typing import Final

from ms25_suite.core.catalogue import NotAsked
from ms25_suite.criteria.case import Case
from ms25_suite.environments.gpus import may_have_gpu
from ms25_suite.lammps.pair_styles.table import PAIR_STYLES
from ms25_suite.potentials.base import Architecture
from ms25_suite.potentials.registry import get_architecture

__all__ = ["BY_DEFAULT", "not_asked", "route_of"]

BY_DEFAULT: Final = ("batch", "same_as")
"""Routes of every run: the first takes as long as some predictions, the second is asked for."""

_OF_ALL: Final = ("same_as", "batch", "workers", "lammps")
"""Routes that also calculators have; the others load a model file in another way."""


def route_of(quantity: str) -> str:
    """Route of one of the criterion's quantities.

    Examples
    --------
    >>> route_of("pair_style_forces")
    'pair_style'
    """
    return quantity.rpartition("_")[0]


def not_asked(case: Case) -> NotAsked | None:
    """Why a route is left out: there is none, or it takes too long unless it is named."""
    route = route_of(str(case.parameters["quantity"]))
    subject = case.subject
    if subject.kind == "baseline":
        return NotAsked("the baseline is not a potential, so there are no routes to compare")
    in_batches = subject.kind == "framework" and subject.model.info.batch_atoms > 0
    known = (*_OF_ALL, "calculator") if in_batches else _OF_ALL
    if route not in known and subject.kind not in ("model", "train"):
        # The same words for all these routes, so that they are said once.
        name = subject.name
        return NotAsked(f"{name} is a calculator: it has one precision, device and package")
    reason = _why_not(route, case)
    if reason:
        return NotAsked(f"{route.replace('_', ' ')}: {reason}")
    return None if route in BY_DEFAULT else NotAsked()


def _why_not(route: str, case: Case) -> str:
    """Why a potential has no such route, as far as its specification says."""
    if route == "same_as":
        return "" if case.same_as is not None else "no --same-as names another potential"
    if route == "workers" and case.subject.kind == "object":
        return "a calculator object is evaluated in the process that made it"
    if route in _OF_ALL or case.subject.kind == "framework":
        return ""
    return _why_no_file(route, get_architecture(case.subject.architecture))


def _why_no_file(route: str, family: Architecture) -> str:
    """Why there is no such route for the model files of an architecture."""
    if route == "device":
        if family.cpu_only:
            return f"{family.name} runs on the CPU only"
        return "" if may_have_gpu() else "there is no GPU here"
    if route == "pair_style":
        known = any(style.serves(family.name) for style in PAIR_STYLES)
        return "" if known else f"LAMMPS has no pair style for {family.name}"
    hook = {"calculator": "own_calculator", "torch_sim": "torch_sim", "compiled": "faster"}.get(
        route, ""
    )
    if not hook or (route == "compiled" and family.compiled_target):
        return ""
    # What an architecture offers, it defines.
    if getattr(type(family), hook) is not getattr(Architecture, hook):
        return ""
    return {
        "calculator": f"the architecture {family.name} names no ASE calculator of its package",
        "torch_sim": f"the architecture {family.name} has no model for TorchSim",
        "compiled": f"the architecture {family.name} has no faster form",
    }[route]
