"""Units of labels beside a bare ``E``: by the program, by the numbers, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from ms25_suite.core.errors import LabelError
from ms25_suite.core.frames import Frames
from ms25_suite.datasets.audit.atoms import atom_references
from ms25_suite.datasets.columns.names import parse_name
from ms25_suite.datasets.columns.unread import says
from ms25_suite.datasets.formats.stated_units import unit_names
from ms25_suite.datasets.formats.units import Quantity, Units
from ms25_suite.datasets.labelling.bare_energy import BARE_ENERGY
from ms25_suite.datasets.labelling.electrons import lowest_energies
from ms25_suite.datasets.labelling.evidence import Measure, Reading, decided, measures
from ms25_suite.datasets.readers.labels import FoundLabels

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "Decision",
    "UndecidedUnitError",
    "units_by_cp2k",
    "units_by_header",
    "units_by_numbers",
]

_OPEN: Final[dict[Quantity, tuple[str, ...]]] = {
    "energy": ("hartree", "eV"),
    "forces": ("hartree/bohr", "eV/Å"),
    "stress": (
        *("eV/Å^3", "GPa", "-GPa", "kbar", "-kbar", "bar", "-bar"),
        *("hartree/bohr^3", "-hartree/bohr^3"),
    ),
    "virial": ("eV", "hartree"),
}
"""Units that labels beside a bare ``E`` may have, those of CP2K first: it computes in atomic units
and prints a stress in bar or GPa. A minus is pressure positive."""

_OWN: Final[dict[Quantity, str]] = {
    "energy": "eV",
    "forces": "eV/Å",
    "stress": "eV/Å^3",
    "virial": "eV",
}
"""Units of labels under the names of the suite (``REF_forces``)."""

_OWN_FAMILY: Final = "ref"

_DECISIVE: Final[tuple[Quantity, ...]] = ("energy", "forces")
_TENSORS: Final[tuple[Quantity, ...]] = ("stress", "virial")


_ROUGHLY: Final = 2.0
"""How far beyond the limits of a test labels of CP2K may be before their units are in doubt. The
next reading is 27 times away."""


_ELECTRONIC: Final = 1.2
"""Energy over that of all electrons of the neutral atoms: bonds and relativity make at most 1.1 of
it."""


class UndecidedUnitError(LabelError):
    """The unit of labels is not known: their key leaves several open, and nothing decides."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Units of some labels.

    Parameters
    ----------
    units
        The units.
    because
        How they are known.
    doubt
        Why the stress cannot be used: its unit is not known. Empty if it can, or there is none.
    tested
        Whether the numbers of energy or forces agree; False where they allow no test.
    """

    units: Units
    because: str = ""
    doubt: str = ""
    tested: bool = True


def units_by_cp2k(
    images: Sequence[Atoms], found: FoundLabels, where: str, atoms: Mapping[int, float]
) -> Decision:
    """Hartree and hartree/bohr, unless the numbers say that the forces have been converted.

    Parameters
    ----------
    images
        Frames of CP2K.
    found
        Their labels, as they are in the file.
    where
        Name of the source, for messages.
    atoms
        Energies in eV of isolated atoms that a person states, by atomic number.

    Raises
    ------
    UndecidedUnitError
        The forces fit neither unit.
    """
    options = _options(found)
    tests = _tests(images, found, atoms)
    key = found.keys["energy"]
    proof = (
        f"`{key}` is beside its `i` and `time`, or the file names it"
        if key == BARE_ENERGY
        else f"`{key}` repeats its `{BARE_ENERGY}`"
    )
    first = _some(options, _DECISIVE)
    usual: Reading = {name: units[0] for name, units in first.items()}
    # Only whether somebody has converted them is in question. Who has converted the forces may have
    # converted the energy too: then the header says nothing any more.
    _, passed = decided(tests, first, others=())
    near = not passed and all(test.allows(usual, _ROUGHLY) for test in tests)
    if usual in passed or near:
        # Labels can also be wrong, which the audit says, in units that are right.
        chosen = usual
    elif len(passed) == 1:
        chosen = passed[0]
    else:
        raise UndecidedUnitError(_contradicted(found, tests, first, where, proof, passed))
    if chosen.get("energy") == _OPEN["energy"][0]:
        _refuse_too_low(images, found, where, proof)
    options |= {name: (unit,) for name, unit in chosen.items()}
    said = _said(tests, _all_of(first))
    tested = bool(said)
    said = said or "the numbers allow no test"
    because = (
        f"as CP2K writes them, since {proof}; {said}"
        if chosen == usual
        else f"CP2K does not write them so, but {said} ({proof})"
    )
    whole, _ = decided(tests, options)
    tensor = next((name for name in _TENSORS if name in options), None)
    if tensor is None:
        return Decision(_units(chosen), because, tested=tested)
    if whole is None:
        doubt = _unknown_stress(found, chosen, tensor, where)
        return Decision(_units(chosen), because, doubt, tested)
    because += f"; {_said([test for test in tests if tensor in test.powers], [whole])}"
    return Decision(_units(whole), because)


def _refuse_too_low(images: Sequence[Atoms], found: FoundLabels, where: str, proof: str) -> None:
    """Refuse energies that would be below those of all electrons, were they in hartree."""
    energies = found.labels.energy
    frames = Frames.from_atoms(images)
    if energies is None or len(frames) == 0:
        return
    share = np.asarray(energies) / lowest_energies(frames)
    share = share[np.isfinite(share) & ~found.isolated]
    if len(share) and float(np.median(share)) > _ELECTRONIC:
        msg = (
            f"{where}: `{found.keys['energy']}` should be in hartree, since {proof}; but then the "
            f"energies would be {np.median(share):.3g} times those of all electrons of the atoms, "
            f"and none is lower than these. State the unit, --units energy=eV or another; in a "
            f"card, [labels] units"
        )
        raise UndecidedUnitError(msg)


def units_by_header(
    images: Sequence[Atoms], found: FoundLabels, where: str, atoms: Mapping[int, float]
) -> Decision:
    """Hartree and hartree/bohr or eV and eV/Å, for labels of usual names beside CP2K's header.

    CP2K's own are in hartree, while who attaches labels to its frames may have converted them. See
    `units_by_cp2k` for parameters.

    Raises
    ------
    UndecidedUnitError
        The numbers allow both readings, or none.
    """
    options = _some(_options(found), _DECISIVE)
    tests = _tests(images, found, atoms)
    both: list[Reading] = [
        {name: units[row] for name, units in options.items()} for row in range(2)
    ]
    # Both are wrong alike where another unit is right, which only the size of the forces shows.
    passed = [one for one in both if all(test.allows(one) for test in tests)]
    if len(passed) != 1:
        raise UndecidedUnitError(_header_undecided(found, tests, both, where))
    said = _said(tests, both)
    because = f"by the numbers, as `i` and `time` beside them are those of CP2K: {said}"
    if "stress" not in found.keys or found.labels.stress is None or passed[0] == both[1]:
        return Decision(_units(passed[0]), because)
    kind: Quantity = next(name for name in _TENSORS if name in _options(found))
    whole, _ = decided(tests, _options(found) | {n: (u,) for n, u in passed[0].items()})
    if whole is None:
        doubt = _unknown_stress(found, passed[0], kind, where)
        return Decision(_units(passed[0]), because, doubt)
    return Decision(_units(whole), because)


def units_by_numbers(
    images: Sequence[Atoms], found: FoundLabels, where: str, atoms: Mapping[int, float]
) -> Decision:
    """The units that the numbers leave as the only ones; see `units_by_cp2k` for parameters.

    Raises
    ------
    UndecidedUnitError
        The numbers allow several readings of energy and forces, or none.
    """
    options = _options(found)
    tests = _tests(images, found, atoms)
    first = _some(options, _DECISIVE)
    reading, passed = decided(tests, options)
    doubt = ""
    tensor = next((name for name in _TENSORS if name in options), None)
    if reading is None and tensor is not None:
        reading, passed = decided(tests, first)
        doubt = _unknown_stress(found, reading, tensor, where) if reading is not None else ""
    said = _said(tests, _all_of(first) if "forces" in first or reading is None else [reading])
    if reading is None:
        fit = " or ".join(dict.fromkeys(" with ".join(one.values()) for one in passed))
        why = said or "that takes near frames, bonds of varied length, or isolated atoms"
        msg = f"{_both_readings(found, where, passed)}. The numbers do not decide ({why})"
        msg += f"; they allow {fit}" if said and fit else "; they allow neither" if said else ""
        raise UndecidedUnitError(msg)
    return Decision(_units(reading), f"by the numbers: {said}", doubt)


def _units(reading: Reading) -> Units:
    return Units(**{str(name): unit for name, unit in reading.items()})


def _options(found: FoundLabels) -> dict[Quantity, tuple[str, ...]]:
    """Units that each quantity of some labels may have."""
    result: dict[Quantity, tuple[str, ...]] = {}
    for column, name in unit_names(found.labels, found.keys).items():
        parsed = parse_name(found.keys[column])
        own = parsed is not None and parsed.family == _OWN_FAMILY
        result[name] = (_OWN[name],) if own else _OPEN[name]
    return result


def _some(
    options: Mapping[Quantity, tuple[str, ...]], names: Sequence[Quantity]
) -> dict[Quantity, tuple[str, ...]]:
    return {name: units for name, units in options.items() if name in names}


def _tests(
    images: Sequence[Atoms], found: FoundLabels, stated: Mapping[int, float]
) -> tuple[Measure, ...]:
    frames = Frames.from_atoms(images)
    kept = np.flatnonzero(~found.isolated)
    if len(kept) == 0:
        return ()
    read = atom_references(frames, found).energies
    labels = found.labels.select(kept, frames.offsets)
    names = unit_names(found.labels, found.keys)
    return measures(frames.select(kept), labels, read, names, stated)


def _all_of(options: Mapping[Quantity, Sequence[str]]) -> list[Reading]:
    return [dict(zip(options, units, strict=True)) for units in product(*options.values())]


def _said(tests: Iterable[Measure], readings: Sequence[Reading]) -> str:
    return "; ".join(said for test in tests if (said := test.said(readings)))


def _both_readings(found: FoundLabels, where: str, passed: Sequence[Reading]) -> str:
    """Message for energies under ``E`` that may be in eV or in hartree."""
    arrays = [key for key in found.unread.get("forces", ()) if says("forces", key)]
    named = f" with --keys energy={BARE_ENERGY} forces={arrays[0]}" if arrays else ""
    atomic: Reading = {name: _OPEN[name][0] for name in _DECISIVE if name in found.keys}
    other: Reading = {"energy": "eV"}
    if len(passed) == 2:
        # What the numbers rule out is no advice.
        atomic, other = passed
    entry = ", ".join(f'{name} = "{unit}"' for name, unit in atomic.items())
    return (
        f"{where}: the unit of `{BARE_ENERGY}` is not known: eV or hartree? CP2K writes hartree "
        f"under this key, with `i` and `time` beside it; others write eV. State it: "
        f"{_option(atomic)} or {_option(other)}{named}; in a card, [labels] units = {{ {entry} }}; "
        f"or --keys energy=none if it is no energy"
    )


def _contradicted(
    found: FoundLabels,
    tests: Sequence[Measure],
    options: Mapping[Quantity, Sequence[str]],
    where: str,
    proof: str,
    passed: Sequence[Reading],
) -> str:
    taken = " and ".join(f"`{found.keys[name]}`" for name in options)
    fit = " or ".join(" with ".join(one.values()) for one in passed)
    which = f"State which, {_option(passed[0])} or {_option(passed[1])}" if passed else ""
    return (
        f"{where}: {taken} should be as CP2K writes them, since {proof}; but hartree and "
        f"hartree/bohr do not fit, {f'only {fit}' if fit else 'nor do eV and eV/Å'}: "
        f"{_said(tests, _all_of(options))}{_gradients(tests)}. "
        f"{which or 'State the units, --units energy=…,forces=…'}"
    )


def _header_undecided(
    found: FoundLabels, tests: Sequence[Measure], both: Sequence[Reading], where: str
) -> str:
    taken = " and ".join(f"`{found.keys[name]}`" for name in both[0])
    said = _said(tests, both) or "that takes forces along bonds of varied length"
    return (
        f"{where}: `i` and `time` beside the labels are those of CP2K, which writes hartree and "
        f"hartree/bohr; are {taken} as it writes them, or in eV and eV/Å? The numbers do not "
        f"decide ({said}{_gradients(tests)}). State it: {_option(both[0])} or {_option(both[1])}; "
        f'in a card, [labels] units = {{ energy = "hartree", … }}'
    )


def _gradients(tests: Sequence[Measure]) -> str:
    """What a negative force constant means."""
    signs = [test for test in tests if test.powers == {"forces": 1}]
    if not any(np.median(test.value) < 0.0 for test in signs):
        return ""
    return "; stretched bonds are pushed apart: are these gradients, the negative of the forces?"


def _option(reading: Reading) -> str:
    return "--units " + ",".join(f"{name}={unit}" for name, unit in reading.items())


def _unknown_stress(found: FoundLabels, known: Reading, kind: Quantity, where: str) -> str:
    stated = ",".join(f"{name}={unit}" for name, unit in known.items() if name in _DECISIVE)
    return (
        f"{where}: the unit of `{found.keys['stress']}` is not known: CP2K prints a stress in GPa "
        f"or bar, ASE holds it in eV/Å^3, and no frames differ in their cells, so that the "
        f"energies could decide. State it, --units {stated},{kind}=…, or that there is none, "
        f"--keys stress=none"
    )
