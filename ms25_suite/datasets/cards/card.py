"""Dataset cards: what is known about a dataset beyond its frames."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

from ms25_suite.core.errors import CardError
from ms25_suite.core.fields import NOT_STATED
from ms25_suite.datasets.cards.fields import (
    check_elements,
    count_field,
    function_field,
    positive_number,
    refuse_unknown,
    table_field,
    text_field,
    text_list,
)
from ms25_suite.datasets.cards.files import CardFile, card_files
from ms25_suite.datasets.cards.observables import EosConfig, NebConfig, eos_table, neb_table
from ms25_suite.datasets.cards.partners import Partners, read_partners

__all__ = ["CardFile", "DatasetCard", "LabelKeys", "SplitsConfig"]

ROLES: Final = ("train", "validation", "test")

_TEXTS = (
    "name",
    "title",
    "system",
    "level_of_theory",
    "paper_level_of_theory",
    "threshold_class",
    "recipe",
    "licence",
    "citation",
    "reference_calculator",
    "build",
)
_KEYS = (*_TEXTS, "aliases", "elements", "cutoff", "stand_in", "files")
_TABLES = ("labels", "splits", "thresholds", "extensivity", "transfer", "eos", "neb")
_LABELS = ("energy", "forces", "stress", "virial")
_SPLITS = (*ROLES, "train_sizes", "sets", "seed")
_SHIPPED = ("name", "title", "elements", "level_of_theory", "files")


@dataclass(frozen=True, slots=True)
class LabelKeys:
    """Keys of the labels in the files; None where the usual names are to be tried.

    ``virial`` is the alternative to ``stress``: eV, stress = -virial / volume.
    """

    energy: str | None = None
    forces: str | None = None
    stress: str | None = None
    virial: str | None = None


@dataclass(frozen=True, slots=True)
class SplitsConfig:
    """How the frames are divided.

    Parameters
    ----------
    train, validation, test
        Numbers of frames, drawn at random; ``test`` None takes all that are left.
    files
        Instead of numbers: the files of each role, as ``(role, paths)``.
    train_sizes
        Nested training sizes; empty for the paper's sizes as far as they fit.
    sets
        Number of independent random splits.
    seed
        Seed of the random splits.
    """

    train: int | None = None
    validation: int = 0
    test: int | None = None
    files: tuple[tuple[str, tuple[Path, ...]], ...] = ()
    train_sizes: tuple[int, ...] = ()
    sets: int | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class DatasetCard:
    """What is known about a dataset beyond its frames.

    Parameters
    ----------
    name
        Short name that is unique in a report.
    title, system
        The same for people: one line, and the kind of material.
    elements
        Chemical symbols; empty until the frames are known.
    cutoff
        Cutoff radius in Å that potentials are trained with (the paper's table 1).
    level_of_theory
        Method behind the labels.
    paper_level_of_theory
        Method behind the labels of the paper's dataset of this name.
    stand_in
        Whether the labels stand in for those of the paper.
    threshold_class
        Class of the thresholds in ``checks/thresholds.toml``.
    thresholds
        Thresholds of this dataset in place of those: quantity to entry, or criterion to such a
        table. Not validated here.
    partners
        Other datasets that its potentials are tested on.
    labels, splits, files
        Where the labels are, how the frames are divided, which files hold them.
    eos, neb
        Reference curves of an equation of state and reference path of a reaction; None without.
    recipe, licence, citation
        How the frames were made, terms of use, what to cite.
    reference_calculator
        ``module:function`` that makes the ASE calculator behind the labels.
    build
        ``module:function`` that makes the frames anew.
    aliases
        Other names, case does not matter.
    path
        File of the card; None for a dataset without one.
    """

    name: str
    title: str = ""
    system: str = ""
    elements: tuple[str, ...] = ()
    cutoff: float | None = None
    level_of_theory: str = NOT_STATED
    paper_level_of_theory: str | None = None
    stand_in: bool = False
    threshold_class: str = "standard"
    thresholds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    labels: LabelKeys = LabelKeys()
    splits: SplitsConfig = SplitsConfig()
    partners: Partners = field(default_factory=Partners)
    files: tuple[CardFile, ...] = ()
    recipe: str = ""
    licence: str = ""
    citation: str = ""
    reference_calculator: str | None = None
    build: str | None = None
    aliases: tuple[str, ...] = ()
    eos: EosConfig | None = None
    neb: NebConfig | None = None
    path: Path | None = None

    @classmethod
    def from_file(cls, path: Path, *, shipped: bool = False, base: Path | None = None) -> Self:
        """Read and validate a card.

        Parameters
        ----------
        path
            The TOML file.
        shipped
            Whether it is a card of the suite, which must state more than a user's.
        base
            Folder that the paths in it start from; the default is the folder of the card.

        Raises
        ------
        CardError
            The file cannot be read, is not TOML, or is no valid card.
        """
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            msg = f"cannot read the dataset card {path}: {error}"
            raise CardError(msg) from error
        name = path.parent.resolve().name if path.name == "card.toml" else path.stem
        card = cls.from_dict(table, str(path), base or path.parent, name, shipped=shipped)
        return replace(card, path=path)

    @classmethod
    def from_dict(
        cls,
        table: Mapping[str, Any],
        where: str,
        base: Path,
        default_name: str,
        *,
        shipped: bool = False,
    ) -> Self:
        """Validate the content of a card.

        Raises
        ------
        CardError
            A key is unknown or missing, or a value has the wrong type.
        """
        refuse_unknown(table, (*_KEYS, *_TABLES), where)
        missing = [key for key in _SHIPPED if key not in table] if shipped else []
        if missing:
            msg = f"{where}: a shipped card must have {', '.join(f'`{key}`' for key in missing)}"
            raise CardError(msg)
        values: dict[str, Any] = {"name": default_name}
        for key in _TEXTS:
            if key in table:
                values[key] = text_field(table[key], f"{where}: `{key}`")
        for key in ("elements", "aliases"):
            if key in table:
                values[key] = text_list(table[key], f"{where}: `{key}`")
        if "elements" in values:
            check_elements(values["elements"], where)
        if "cutoff" in table:
            values["cutoff"] = positive_number(table["cutoff"], f"{where}: `cutoff`")
        if "stand_in" in table:
            if not isinstance(table["stand_in"], bool):
                msg = f"{where}: `stand_in` must be true or false, found {table['stand_in']!r}"
                raise CardError(msg)
            values["stand_in"] = table["stand_in"]
        for key in ("reference_calculator", "build"):
            if key in table:
                values[key] = function_field(table[key], f"{where}: `{key}`")
        if "files" in table:
            values["files"] = card_files(table["files"], f"{where}: `files`", base)
        values["labels"] = _label_keys(table_field(table, "labels", where), f"{where}: [labels]")
        values["splits"] = _splits(table_field(table, "splits", where), f"{where}: [splits]", base)
        if values["splits"].files and "files" in values:
            msg = f"{where}: name the files either in `files` or by role in [splits], not in both"
            raise CardError(msg)
        values["partners"] = read_partners(table, where)
        values["thresholds"] = table_field(table, "thresholds", where)
        for quantity, entry in values["thresholds"].items():
            if not isinstance(entry, Mapping):
                msg = f"{where}: [thresholds.{quantity}] must be a table, found {entry!r}"
                raise CardError(msg)
        if "eos" in table:
            values["eos"] = eos_table(table_field(table, "eos", where), f"{where}: [eos]", base)
        if "neb" in table:
            values["neb"] = neb_table(table_field(table, "neb", where), f"{where}: [neb]", base)
        return cls(**values)

    @property
    def frame_files(self) -> tuple[CardFile, ...]:
        """All files of frames, those that are named by role included, in order."""
        by_role = tuple(CardFile(path) for _, paths in self.splits.files for path in paths)
        return self.files + by_role


def _label_keys(table: Mapping[str, Any], where: str) -> LabelKeys:
    refuse_unknown(table, _LABELS, where)
    if "stress" in table and "virial" in table:
        msg = f"{where}: name either `stress` or `virial`, not both"
        raise CardError(msg)
    return LabelKeys(**{key: text_field(value, f"{where} `{key}`") for key, value in table.items()})


def _splits(table: Mapping[str, Any], where: str, base: Path) -> SplitsConfig:
    refuse_unknown(table, _SPLITS, where)
    values: dict[str, Any] = {}
    if "seed" in table:
        values["seed"] = count_field(table["seed"], f"{where} `seed`", 0)
    if "sets" in table:
        values["sets"] = count_field(table["sets"], f"{where} `sets`", 1)
    if "train_sizes" in table:
        sizes = table["train_sizes"]
        if not isinstance(sizes, list) or not sizes:
            msg = f"{where} `train_sizes` must be a list of whole numbers, found {sizes!r}"
            raise CardError(msg)
        sizes = [count_field(size, f"{where} `train_sizes`", 1) for size in sizes]
        if sizes != sorted(set(sizes)):
            msg = f"{where} `train_sizes` must ascend, found {sizes}"
            raise CardError(msg)
        values["train_sizes"] = tuple(sizes)
    given = {role: table[role] for role in ROLES if role in table}
    if any(isinstance(value, str | list) for value in given.values()):
        values["files"] = _role_files(given, where, base)
    else:
        for role, value in given.items():
            values[role] = count_field(value, f"{where} `{role}`", 0 if role == "validation" else 1)
        if given and "train" not in given:
            msg = f"{where} has {', '.join(given)} but no `train`: how many frames are to train on?"
            raise CardError(msg)
    config = SplitsConfig(**values)
    if config.train is not None and any(size > config.train for size in config.train_sizes):
        msg = (
            f"{where}: `train_sizes` {list(config.train_sizes)} must not exceed "
            f"`train` = {config.train}"
        )
        raise CardError(msg)
    return config


def _role_files(
    given: Mapping[str, Any], where: str, base: Path
) -> tuple[tuple[str, tuple[Path, ...]], ...]:
    files = []
    for role, value in given.items():
        if not isinstance(value, str | list):
            msg = (
                f"{where} must give either numbers of frames or files, "
                f"found both: `{role}` = {value!r}"
            )
            raise CardError(msg)
        names = text_list(value, f"{where} `{role}`") if isinstance(value, list) else (value,)
        paths = tuple(base / text_field(name, f"{where} `{role}`") for name in names)
        files.append((role, paths))
    if "test" not in given:
        msg = f"{where} names files of {', '.join(given)} but none of `test`"
        raise CardError(msg)
    return tuple(files)
