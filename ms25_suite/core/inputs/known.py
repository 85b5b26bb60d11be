"""Inputs that several packages read, with their keys in files, units and defaults.

Names follow MACE (``mace/tools/default_keys.py``), ASE (``initial_charges``, ``initial_magmoms``)
and the OMol25 convention of fairchem, ORB and AIMNet2 (``charge`` and ``spin`` in ``Atoms.info``,
where ``spin`` is the multiplicity 2S + 1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["KNOWN_INPUTS", "NAME", "KnownInput", "Per"]

Per = Literal["frame", "atom"]
"""Whether each frame or each atom has a value."""

NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
"""Names of inputs: they become names of columns and of files."""


@dataclass(frozen=True, slots=True)
class KnownInput:
    """An input that several packages read.

    Parameters
    ----------
    name
        Its name in the suite.
    keys
        Keys in files, in lower case; those that calculators read from ``Atoms.info`` come first.
    per
        Whether each frame or each atom has a value.
    unit
        Unit; empty for numbers without one, and for text.
    default
        What potentials take where a frame does not state it; None: they refuse, or have none.
    written
        How many of the keys a frame that is handed to an ASE calculator has.
    is_text
        Whether values are text.
    """

    name: str
    keys: tuple[str, ...]
    per: Per = "frame"
    unit: str = ""
    default: float | None = None
    written: int = 1
    is_text: bool = False


_KNOWN = (
    # MACE's ASE calculator, fairchem, ORB and AIMNet2 read `charge` and `spin`; MACE's training
    # reads `total_charge` and `total_spin`.
    KnownInput(
        "total_charge",
        ("charge", "total_charge", "tot_charge", "net_charge", "system_charge", "molecular_charge"),
        unit="e",
        default=0.0,
        written=2,
    ),
    KnownInput(
        "spin_multiplicity",
        ("spin", "total_spin", "spin_multiplicity", "multiplicity"),
        default=1.0,
        written=2,
    ),
    KnownInput("initial_charges", ("initial_charges",), "atom", "e", 0.0),
    KnownInput("initial_magmoms", ("initial_magmoms",), "atom", "μB", 0.0),
    KnownInput("external_field", ("external_field",), unit="V/Å", default=0.0),
    KnownInput("electronic_temperature", ("elec_temp",), unit="K"),
    KnownInput("head", ("head",), is_text=True),
)

KNOWN_INPUTS: Final[Mapping[str, KnownInput]] = {known.name: known for known in _KNOWN}
"""Inputs that are read from every file that has them, by name."""
