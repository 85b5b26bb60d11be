"""What the name of a column says: which label it holds, and of which method.

People write ``REF_energy``, ``energy_dft``, ``true-forces``, ``Virial``, ``free_energy``. A name is
taken for a label if *all* of its words are known; one unknown word (``MACE_energy``,
``energy_sigma``, ``energy_per_atom``) may turn it into something else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

__all__ = [
    "CORRECTED",
    "ENERGY_KINDS",
    "METHODS",
    "PLAIN",
    "LabelName",
    "ParsedName",
    "parse_name",
    "words_of",
]

LabelName = Literal["energy", "forces", "stress", "virial"]

_QUANTITIES: Final[dict[str, LabelName]] = {
    "energy": "energy",
    "energies": "energy",
    "force": "forces",
    "forces": "forces",
    "stress": "stress",
    "stresses": "stress",
    "virial": "virial",
    "virials": "virial",
}

ENERGY_KINDS: Final = {"": 0, "potential": 1, "pot": 1, "total": 2, "tot": 2, "free": 3}
"""Words before an energy, and the order in which such energies are taken. The total energy of
dynamics may hold the kinetic one; the free energy of a smeared occupation is not the energy
extrapolated to none, but the one that forces are derivatives of."""

_REFERENCE: Final = 0
_KNOWN: Final = 1
METHODS: Final = 2
PLAIN: Final = 3
CORRECTED: Final = 4

_AFFIXES: Final = {
    "ref": _REFERENCE,
    "reference": _REFERENCE,
    **dict.fromkeys(("dft", "qm", "true", "target", "label", "labels", "abinitio"), _KNOWN),
    # Functionals and wave-function methods.
    **dict.fromkeys(
        (
            *("lda", "pbe", "pbesol", "revpbe", "rpbe", "scan", "rscan", "r2scan", "blyp"),
            *("b3lyp", "pbe0", "hse", "hse06", "optb88", "b97m", "b97mv", "wb97x", "wb97xd"),
            *("wb97xd3", "wb97m", "wb97mv", "wb97md3bj", "m06", "m062x", "rpa", "hf", "mp2"),
            *("ccsd", "ccsdt", "casscf", "dmc", "vmc"),
        ),
        METHODS,
    ),
    # Programs that compute them.
    **dict.fromkeys(
        (
            *("vasp", "cp2k", "qe", "espresso", "castep", "abinit", "aims", "fhiaims", "gpaw"),
            *("siesta", "orca", "psi4", "gaussian", "turbomole", "nwchem", "molpro"),
            *("wien2k", "onetep", "abacus", "pyscf"),
        ),
        METHODS,
    ),
    # Corrected energies have no forces of their own: last of all.
    "corrected": CORRECTED,
}
"""Words that name where a label is from, and their rank: lower comes first. Names of models are not
here: what a model predicted is no reference."""

_UNITS: Final[dict[LabelName, frozenset[str]]] = {
    "energy": frozenset({"ev"}),
    "forces": frozenset({"ev", "per", "a", "ang", "angstrom"}),
    "stress": frozenset({"ev", "per", "a3", "ang3", "angstrom3"}),
    "virial": frozenset({"ev"}),
}
"""Words of the unit that is expected; any other unit is an unknown word."""

_SYNONYMS: Final = {"reference": "ref", "labels": "label"}
_CAMEL: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[A-Z]")


@dataclass(frozen=True, slots=True)
class ParsedName:
    """What a name says.

    Parameters
    ----------
    name
        Which label it is.
    family
        Where the label is from, in lower case: ``ref``, ``dft``, …; empty for a plain name.
        Prefix and suffix are the same family.
    rank
        Order in which families are preferred, lower first.
    kind
        Order of the energies of one family, lower first; see `ENERGY_KINDS`.
    plural
        Whether the name is ``energies`` or ``stresses``, which may also be those of the atoms.
    """

    name: LabelName
    family: str
    rank: int
    kind: int = 0
    plural: bool = False


@lru_cache(maxsize=4096)
def words_of(key: str) -> tuple[str, ...]:
    """Words of a name in lower case: ``DFTTotalEnergy`` and ``dft_total-energy`` have the same."""
    found: list[str] = []
    for part in re.split(r"[^A-Za-z0-9]+", key):
        whole = part.lower()
        if not part:
            continue
        if _known(whole) or any(whole in words for words in _UNITS.values()):
            found.append(whole)
            continue
        # refenergy: two known words without anything in between.
        cut = next(
            (n for n in range(2, len(whole)) if _known(whole[:n]) and _known(whole[n:])), None
        )
        found += (
            [word.lower() for word in _CAMEL.findall(part)]
            if cut is None
            else [whole[:cut], whole[cut:]]
        )
    return tuple(found)


def _known(word: str) -> bool:
    return word in _QUANTITIES or word in _AFFIXES or word in ENERGY_KINDS


@lru_cache(maxsize=4096)
def parse_name(key: str) -> ParsedName | None:
    """Which label a name is of; None if it has no word of a label, or an unknown word.

    Examples
    --------
    >>> parse_name("forces_DFT").family
    'dft'
    >>> parse_name("MACE_energy") is None
    True
    """
    words = words_of(key)
    quantities = [word for word in words if word in _QUANTITIES]
    if len(quantities) != 1:
        return None
    name = _QUANTITIES[quantities[0]]
    rest = [word for word in words if word != quantities[0]]
    kinds = [word for word in rest if name == "energy" and word in ENERGY_KINDS]
    if len(kinds) > 1:
        return None
    affixes = [word for word in rest if word in _AFFIXES]
    units = [word for word in rest if word not in kinds and word not in affixes]
    if units and ("ev" not in units or not _UNITS[name].issuperset(units)):
        return None
    family = " ".join(sorted({_SYNONYMS.get(word, word) for word in affixes}))
    # `corrected` alone counts as what it is; beside another word, the other one names the family.
    ranks = [_AFFIXES[word] for word in affixes]
    return ParsedName(
        name,
        family,
        (CORRECTED if CORRECTED in ranks else min(ranks)) if ranks else PLAIN,
        ENERGY_KINDS[kinds[0]] if kinds else 0,
        quantities[0] in ("energies", "stresses"),
    )
