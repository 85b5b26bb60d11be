"""Targets of ``ms25 data build``, and the reference observables in ``ms25 data show``."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ms25_suite.core.errors import (
    DatasetError,
    EosFitError,
    UnknownDatasetError,
    UsageError,
    did_you_mean,
)
from ms25_suite.core.units import GPA_PER_EV_PER_A3

if TYPE_CHECKING:
    from ms25_suite.datasets import Dataset, DatasetCard
    from ms25_suite.datasets.observables.eos import EosCurve, EosReference

__all__ = ["BuildTarget", "borrowed", "find_target", "observable_lines"]

TABLES = ("eos", "neb")

_OPTIONS = {
    "n_frames": "--frames",
    "n_compositions": "--compositions",
    "seed": "--seed",
    "potential_file": "--potential-file",
    "workers": "--workers",
}
"""Parameters of builders, and the options of the command that set them."""

_FEW_CURVES = 3
"""Largest number of curves that are described one by one."""


@dataclass(frozen=True, slots=True, eq=False)
class BuildTarget:
    """Frames of a built-in dataset, or its observables, and the builder that makes them anew.

    Parameters
    ----------
    name
        Name of the dataset, with the table after a hyphen: ``hea``, ``hea-eos``.
    card
        Card of the dataset.
    table
        ``eos``, ``neb``, or None for the frames.
    function
        Builder as ``module:function``; see `ms25_suite.reference.builder.Builder`.
    """

    name: str
    card: DatasetCard
    table: str | None
    function: str

    def build(self, out: Path, options: Mapping[str, Any]) -> None:
        """Build the file.

        The options that a builder takes are the parameters of its signature.

        Parameters
        ----------
        out
            File to write.
        options
            Values by the names of the builder's parameters; None for an option that was not given.

        Raises
        ------
        UsageError
            The builder does not take one of the options.
        Ms25Error
            The builder raised it.
        """
        import importlib

        module, _, name = self.function.partition(":")
        function = getattr(importlib.import_module(module), name)
        parameters = inspect.signature(function).parameters
        # A builder of another package may take any option.
        takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        given = {key: value for key, value in options.items() if value is not None}
        unknown = [_OPTIONS[key] for key in given if not takes_all and key not in parameters]
        if unknown:
            known = [option for key, option in _OPTIONS.items() if key in parameters]
            options_text = ", ".join(known) or "no options"
            msg = f"{self.name} is built without {', '.join(unknown)}; it takes {options_text}"
            raise UsageError(msg)
        if takes_all or "progress" in parameters:
            given["progress"] = sys.stderr.isatty()
        function(out, **given)

    def card_values(self, out: Path, data: Mapping[str, str]) -> dict[str, Any]:
        """Entries of the card of built observables that differ from the card of their dataset.

        The file is a dataset of its own, with test frames only, and with itself as observable.

        Parameters
        ----------
        out
            The file.
        data
            Its name ``path`` and checksum ``sha256``.
        """
        from ms25_suite.datasets.readers.files import read_images

        if self.table == "eos" and self.card.eos is not None:
            config = self.card.eos
            what = "curves of the equation of state"
            own: dict[str, Any] = {
                "files": [data],
                "observable": config.observable,
                "atoms_per_cell": config.atoms_per_cell,
                "curve_key": config.curve_key,
                "equation": config.equation,
            }
        elif self.table == "neb" and self.card.neb is not None:
            what = "path of the reaction"
            own = {
                "path": data,
                # The builder stores it with each image.
                "barrier": next(read_images(out)).info["barrier_eV"],
                "barrier_source": self.card.neb.barrier_source,
            }
        else:
            return {}
        return {
            "title": f"{self.card.title}: {what}",
            "recipe": f"`ms25 data build {self.name}`",
            "build": None,
            "splits": None,
            "eos": None,
            "neb": None,
            str(self.table): {key: value for key, value in own.items() if value is not None},
        }


def find_target(name: str) -> BuildTarget:
    """Find a built-in dataset, ``hea``, or its observables, ``hea-eos``.

    Raises
    ------
    UnknownDatasetError
        There is no such dataset.
    DatasetError
        Its card names no builder.
    """
    from ms25_suite.datasets.registry import builtin_card, suggestion

    card = builtin_card(name)
    if card is not None:
        if card.build is None:
            msg = (
                f"expected `build` in the card of {card.name}, found no builder: it cannot be built"
            )
            raise DatasetError(msg)
        return BuildTarget(card.name, card, None, card.build)
    targets = _observable_targets()
    wanted = name.strip().lower()
    if wanted in targets:
        return targets[wanted]
    hint = did_you_mean(wanted, targets, cutoff=0.8) or f" {suggestion(name)}."
    msg = f"unknown dataset {name!r}.{hint} Reference observables: {', '.join(targets)}"
    raise UnknownDatasetError(msg)


def _observable_targets() -> dict[str, BuildTarget]:
    from ms25_suite.datasets.registry import builtin_card, known_datasets

    targets = {}
    for card in filter(None, map(builtin_card, known_datasets())):
        for table in TABLES:
            config = getattr(card, table)
            if config is not None and config.build is not None:
                name = f"{card.name}-{table}"
                targets[name] = BuildTarget(name, card, table, config.build)
    return targets


def borrowed(card: DatasetCard) -> dict[str, Any]:
    """Tables of the card of frames that were built anew: they refer to the shipped observables.

    Both are computed with the same reference.
    """
    return {table: {"dataset": card.name} for table in TABLES if getattr(card, table) is not None}


def observable_lines(dataset: Dataset) -> dict[str, str]:
    """Describe the reference observables of a dataset, by table.

    Raises
    ------
    DatasetError
        They are invalid or cannot be read.
    """
    lines = {}
    eos = dataset.eos()
    if eos is not None:
        lines["eos"] = _eos_line(eos)
    neb = dataset.neb()
    if neb is not None:
        source = f" ({neb.config.barrier_source})" if neb.config.barrier_source else ""
        energy = neb.reaction_energy
        parts = [f"forward barrier {neb.barrier:.3f} eV{source}"]
        parts += [] if energy is None else [f"reaction energy {energy:.3f} eV"]
        parts += [f"{len(neb.frames)} images", f"{int(neb.fixed.sum())} fixed atoms"]
        lines["neb"] = ", ".join(parts)
    return lines


def _eos_line(eos: EosReference) -> str:
    cubic = eos.config.observable == "lattice_constant"
    what, unit = ("lattice constant", "Å") if cubic else ("volume", "Å^3")
    found: dict[str, tuple[float, float] | str] = {
        curve.name: _minimum(curve, eos) for curve in eos.curves
    }
    numbers = [value for value in found.values() if not isinstance(value, str)]
    if len(found) <= _FEW_CURVES:
        parts = [
            f"{name}: {value}"
            if isinstance(value, str)
            else f"{name}: {what} {value[0]:.6g} {unit}, bulk modulus {value[1]:.4g} GPa"
            for name, value in found.items()
        ]
        return f"{'; '.join(parts)} ({eos.config.equation})"
    n_points = {len(curve.volumes) for curve in eos.curves}
    text = f"{len(found)} curves of {'-'.join(map(str, sorted({min(n_points), max(n_points)})))}"
    text += " volumes"
    if numbers:
        minima, moduli = zip(*numbers, strict=True)
        text += (
            f", {what} {min(minima):.6g} to {max(minima):.6g} {unit}, bulk modulus "
            f"{min(moduli):.4g} to {max(moduli):.4g} GPa ({eos.config.equation})"
        )
    failed = len(found) - len(numbers)
    return text + (f"; {failed} without a fit" if failed else "")


def _minimum(curve: EosCurve, eos: EosReference) -> tuple[float, float] | str:
    """Observable and bulk modulus (GPa) of a curve, from the fit in its file or from a new one."""
    from ms25_suite.metrics.eos import fit_eos

    fit: Any = curve.fit
    if fit is None:
        try:
            fit = fit_eos(curve.volumes, curve.energies, equation=eos.config.equation)
        except EosFitError as error:
            return f"no fit, {error}"
    return eos.config.observed(fit.v0, curve.n_atoms), fit.b0 * GPA_PER_EV_PER_A3
