"""Dataset cards: what is known about a dataset beyond its frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from ms25_suite.core.contracts import read_as
from ms25_suite.core.documents.parsing import read_toml
from ms25_suite.core.errors import CardError
from ms25_suite.core.fields import NOT_STATED, Align
from ms25_suite.datasets.cards.fields import (
    CARD_CONFIG,
    Name,
    PositiveNumber,
    Text,
    TextList,
    refuse_other_than_function,
    refuse_unknown_elements,
    values_of,
)
from ms25_suite.datasets.cards.files import CardFile, Files, located
from ms25_suite.datasets.cards.inputs import InputsTable, refuse_unusable_inputs
from ms25_suite.datasets.cards.observables import EosConfig, EosTable, NebConfig, NebTable
from ms25_suite.datasets.cards.partners import ExtensivityTable, Partners, TransferTable
from ms25_suite.datasets.cards.splits import SplitsConfig, SplitsTable
from ms25_suite.datasets.formats.units import Units

__all__ = ["NO_LABELS", "CardTable", "DatasetCard", "LabelKeys"]

_BUILTIN_KEYS: Final = ("name", "title", "elements", "level_of_theory", "files")
"""Keys that the card of a built-in dataset must have."""


NO_LABELS: Final = "none"
"""In place of the key of a label: there is none."""


@dataclass(frozen=True, slots=True)
class LabelKeys:
    """Keys of the labels in the files; the usual names are tried where a key is None.

    The word ``none`` states that there are no such labels: none are looked for, and a run without
    them is a success.

    Parameters
    ----------
    energy
        Key of the energy (eV).
    forces
        Key of the forces (eV/Å).
    stress
        Key of the stress (eV/Å^3, tension positive).
    virial
        Key of the virial (eV), instead of a stress: stress = -virial / volume.
    units
        Units of the labels where they are not those above.
    atoms
        Energy in eV of an isolated atom of each element, where the files do not have it.
    """

    __pydantic_config__: ClassVar[Any] = CARD_CONFIG

    energy: Text | None = None
    forces: Text | None = None
    stress: Text | None = None
    virial: Text | None = None
    units: Units = field(default_factory=Units)
    atoms: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.stress is not None and self.virial is not None:
            msg = "name either `stress` or `virial`, not both"
            raise ValueError(msg)
        refuse_unknown_elements(self.atoms, "atoms")

    @property
    def atom_energies(self) -> dict[int, float]:
        """Energies of isolated atoms in eV, by atomic number."""
        from ase.data import atomic_numbers

        return {atomic_numbers[symbol]: energy for symbol, energy in self.atoms.items()}

    @property
    def named(self) -> dict[str, str]:
        """Quantity to key, of those that are named."""
        names = ("energy", "forces", "stress", "virial")
        keys = {name: getattr(self, name) for name in names}
        return {name: key for name, key in keys.items() if key not in (None, NO_LABELS)}

    @property
    def waived(self) -> frozenset[str]:
        """Quantities that the card states to have no labels."""
        names = ("energy", "forces", "stress")
        return frozenset(name for name in names if getattr(self, name) == NO_LABELS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CardTable:
    """What the file of a dataset card may hold.

    Parameters
    ----------
    name
        Short name that is unique in a report, of at most 100 printable characters without slashes;
        empty for that of the file, or of its folder.
    title, system
        The same for people: one line, and the kind of material.
    elements
        Chemical symbols; empty to take those of the frames.
    cutoff
        Cutoff radius in Å that potentials are trained with (the paper's table 1).
    level_of_theory
        Method behind the labels.
    paper_level_of_theory
        Method behind the labels of the paper's dataset of this name.
    stand_in
        Whether the labels stand in for those of the paper.
    published
        Whether these are the authors' published data, as ``ms25 data archive`` writes them.
    threshold_class
        Class of the thresholds in ``checks/thresholds.toml``.
    align
        Whether energies are judged as they are, or without a constant for each element.
    thresholds
        Thresholds of this dataset in place of those: quantity to entry, or criterion to such a
        table. Only their form is checked here.
    trajectory
        Key of the trajectory that a frame is from, such as ``config_type``, where it has not one of
        the usual names; ``none`` states that the frames are independent of each other.
    labels, splits, files
        Where the labels are, how the frames are divided, which files hold them.
    inputs
        What potentials may read besides the structure, where it is not under a usual key.
    doubts
        What an import found that puts the labels in doubt and the written frames do not show: code
        of the finding to what it says. Each is a warning whenever the dataset is opened.
    extensivity, transfer
        Other datasets that its potentials are tested on.
    eos, neb
        Reference curves of an equation of state and reference path of a reaction; None without.
    recipe, licence, citation
        How the frames were made, terms of use, what to cite.
    reference_calculator
        ``module:function`` that makes the ASE calculator behind the labels.
    reference_not_smooth
        Why the reference itself has jumps (criterion ``smoothness``); empty if it has none.
    build
        ``module:function`` that makes the frames anew.
    aliases
        Other names, case does not matter.
    """

    __pydantic_config__: ClassVar[Any] = CARD_CONFIG

    name: Name = ""
    title: Text = ""
    system: Text = ""
    elements: TextList = ()
    cutoff: PositiveNumber | None = None
    level_of_theory: Text = NOT_STATED
    paper_level_of_theory: Text | None = None
    stand_in: bool = False
    published: bool = False
    threshold_class: Text = "standard"
    align: Align = "none"
    thresholds: dict[str, dict[str, Any]] = field(default_factory=dict)
    trajectory: Text | None = None
    labels: LabelKeys = field(default_factory=LabelKeys)
    inputs: InputsTable = field(default_factory=dict)
    splits: SplitsTable = field(default_factory=SplitsTable)
    files: Files = ()
    doubts: dict[str, Text] = field(default_factory=dict)
    extensivity: ExtensivityTable = field(default_factory=ExtensivityTable)
    transfer: TransferTable = field(default_factory=TransferTable)
    recipe: Text = ""
    licence: Text = ""
    citation: Text = ""
    reference_calculator: Text | None = None
    reference_not_smooth: Text = ""
    build: Text | None = None
    aliases: TextList = ()
    eos: EosTable | None = None
    neb: NebTable | None = None

    def __post_init__(self) -> None:
        if self.stand_in and self.published:
            msg = "`stand_in` and `published` exclude each other: state one of them"
            raise ValueError(msg)
        refuse_unknown_elements(self.elements)
        refuse_unusable_inputs(self.inputs)
        refuse_other_than_function(self.reference_calculator, "reference_calculator")
        refuse_other_than_function(self.build, "build")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DatasetCard(CardTable):
    """What is known about a dataset: its card, with files that can be opened.

    Parameters
    ----------
    path
        File of the card; None for a dataset without one.
    package
        Installed package that brings the card; empty for those of the suite and of a user.
    """

    name: str
    splits: SplitsConfig = field(default_factory=SplitsConfig)
    files: tuple[CardFile, ...] = ()
    eos: EosConfig | None = None
    neb: NebConfig | None = None
    path: Path | None = None
    package: str = ""

    @classmethod
    def from_file(cls, path: Path, *, builtin: bool = False, package: str = "") -> Self:
        """Read and validate a card.

        Parameters
        ----------
        path
            The TOML file; paths in it start from its folder.
        builtin
            Whether it is the card of a built-in dataset, which must state more than a user's and
            is named after its file.
        package
            Installed package that brings the card.

        Raises
        ------
        CardError
            The file cannot be read, is not TOML, or is not a valid card.
        """
        content = read_toml(path, "the dataset card", CardError)
        table = read_as(CardTable, content, str(path), CardError)
        missing = [key for key in _BUILTIN_KEYS if key not in content] if builtin else []
        if missing:
            keys = ", ".join(f"`{key}`" for key in missing)
            msg = f"{path}: the card of a built-in dataset must have {keys}"
            raise CardError(msg)
        # The card of a folder is called card.toml, so the folder gives the name.
        name = path.stem
        if path.name == "card.toml" and not builtin:
            name = path.parent.resolve().name
        if builtin and table.name.lower() != name.lower():
            msg = (
                f"{path}: the name of a built-in dataset is that of the file of its card: expected "
                f"name = {name!r}, found {table.name!r}"
            )
            raise CardError(msg)
        base = path.parent
        openable = {
            "name": table.name or name,
            "files": located(table.files, base),
            "splits": table.splits.located(base),
            "eos": None if table.eos is None else table.eos.located(base),
            "neb": None if table.neb is None else table.neb.located(base),
        }
        card = cls(**(values_of(table) | openable), path=path, package=package)
        if card.files and card.splits.files:
            msg = f"{path}: name the files either in `files` or by role in [splits], not in both"
            raise CardError(msg)
        return card

    @property
    def partners(self) -> Partners:
        """Other datasets that its potentials are tested on."""
        return Partners(
            self.extensivity.partner, self.extensivity.reference_not_extensive, self.transfer.to
        )

    @property
    def frame_files(self) -> tuple[CardFile, ...]:
        """All files of frames, those that are named by role included, in order."""
        by_role = tuple(CardFile(path) for _, paths in self.splits.files for path in paths)
        return self.files + by_role
