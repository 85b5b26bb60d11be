"""``ms25 data``: list, show, audit, import, download and build datasets; inputs for DFT."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ms25_suite.cli import audit, published, recipe
from ms25_suite.cli.describe import describe, print_list
from ms25_suite.cli.observables import borrowed, find_target
from ms25_suite.cli.tier import add_tier_option, tier_of
from ms25_suite.core.errors import UsageError
from ms25_suite.core.text.shown import shown

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Any) -> None:
    """Add ``data`` to the subcommands of ``ms25``."""
    parser = subparsers.add_parser(
        "data", help="list, show, audit, import, download and build datasets"
    )
    commands = parser.add_subparsers(dest="data_command", required=True, metavar="COMMAND")
    lister = commands.add_parser("list", help="list the built-in datasets")
    add_tier_option(lister)

    show = commands.add_parser("show", help="describe and audit a dataset")
    show.add_argument("name", metavar="NAME", help="built-in name, file, folder or card")
    add_tier_option(show)

    audit.add_parser(commands)

    importer = commands.add_parser(
        "import", help="convert files of other formats to extended XYZ with a card, and audit them"
    )
    importer.add_argument("sources", nargs="+", type=Path, metavar="SOURCE")
    importer.add_argument("--out", type=Path, required=True, metavar="FILE.extxyz[.xz]")
    importer.add_argument("--name", help="short name for reports (default: that of the file)")
    importer.add_argument("--level-of-theory", metavar="TEXT", help="method behind the labels")
    importer.add_argument("--n-train", type=int, metavar="N", help="frames to train on")
    importer.add_argument("--n-validation", type=int, metavar="N")
    importer.add_argument("--n-test", type=int, metavar="N", help="default: all that are left")
    importer.add_argument("--sets", type=int, metavar="N", help="independent random splits")
    importer.add_argument("--seed", type=int, metavar="N", help="seed of the random splits")
    importer.add_argument(
        "--frames-limit", type=int, metavar="N", help="keep N frames, evenly spaced"
    )
    importer.add_argument(
        "--keys",
        action="extend",
        nargs="+",
        default=[],
        metavar="LABEL=KEY",
        help="keys of the labels: energy=…, forces=…, stress=… or virial=…",
    )
    importer.add_argument(
        "--units",
        action="extend",
        nargs="+",
        default=[],
        metavar="LABEL=UNIT",
        help="units of the labels where they are not eV and Å: energy=kcal/mol "
        "forces=kcal/mol/Å, stress=GPa or -kbar (minus: pressure positive), length=bohr",
    )
    importer.add_argument(
        "--species",
        action="extend",
        nargs="+",
        default=[],
        metavar="ELEMENT",
        help="elements of the types 0, 1, … where a format numbers them (MTP, DeePMD-kit)",
    )
    importer.add_argument(
        "--keep-unconverged",
        action="store_true",
        help="keep frames whose calculation did not converge, marked converged=F",
    )
    importer.add_argument(
        "--inputs",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=KEY",
        help="keys of what potentials read besides the structure, where they are unusual: "
        "total_charge=…, spin_multiplicity=…, or any other name",
    )
    importer.add_argument("--overwrite", action="store_true", help="replace FILE and its card")

    published.add_parsers(commands)
    recipe.add_parser(commands)

    build = commands.add_parser(
        "build", help="compute the frames of a built-in dataset, or its observables, again"
    )
    build.add_argument(
        "name",
        metavar="NAME",
        help="built-in dataset, its equation-of-state curves (hea-eos, cha-eos), or its reaction "
        "path (reaction-neb)",
    )
    build.add_argument("--out", type=Path, metavar="FILE", help="default: NAME.extxyz.xz")
    build.add_argument(
        "--frames", type=int, metavar="N", help="number of frames (default: as many as are shipped)"
    )
    build.add_argument(
        "--compositions",
        type=int,
        metavar="N",
        help="number of curves of hea-eos (default 20, paper 200)",
    )
    build.add_argument(
        "--seed", type=int, metavar="N", help="seed of everything random (default 25)"
    )
    build.add_argument(
        "--potential-file",
        type=Path,
        metavar="FILE",
        help="parameter file of the reference (default: search for it)",
    )
    build.add_argument(
        "--workers", type=int, metavar="N", help="number of processes (default: one per core)"
    )
    build.add_argument("--overwrite", action="store_true", help="replace FILE and its card")


def run(args: argparse.Namespace) -> int:
    """Carry out ``ms25 data …``.

    Returns
    -------
    int
        Exit status: zero, or 1 if the audit of ``show`` warns of something, or that of ``import``
        of wrong units; that of ``audit``.

    Raises
    ------
    Ms25Error
        The command failed; the message says why.
    """
    command = {
        "list": lambda args: print_list(tier_of(args)),
        "show": _show,
        "audit": audit.run,
        "import": _import,
        "build": _build,
        "download": published.run_download,
        "archive": _archive,
        "recipe": recipe.run_recipe,
    }
    return command[args.data_command](args)


def _show(args: argparse.Namespace) -> int:
    from ms25_suite.datasets import open_dataset

    dataset = open_dataset(args.name, tier=tier_of(args))
    describe(dataset)
    return 1 if any(finding.severity == "warning" for finding in dataset.findings) else 0


def _import(args: argparse.Namespace) -> int:
    from ms25_suite.datasets import open_dataset
    from ms25_suite.datasets.formats.units import Units
    from ms25_suite.datasets.importers import import_data
    from ms25_suite.datasets.readers.foreign import Asked

    asked = Asked(_label_keys(args.keys), Units.parse(args.units), tuple(args.species))
    card = import_data(
        args.sources,
        args.out,
        name=args.name,
        level_of_theory=args.level_of_theory,
        splits=_split_table(args),
        frames_limit=_at_least_one(args.frames_limit, "--frames-limit"),
        asked=asked,
        keep_unconverged=args.keep_unconverged,
        remark=lambda text: print(text, file=sys.stderr),
        inputs=_input_keys(args.inputs),
        overwrite=args.overwrite,
    )
    print(shown(f"wrote {args.out} and {card}"))
    dataset = open_dataset(str(card))
    describe(dataset)
    return 1 if any(finding.says_wrong_units for finding in dataset.findings) else 0


def _split_table(args: argparse.Namespace) -> dict[str, Any]:
    from ms25_suite.datasets.cards.splits import MOST_SETS

    table = {
        "train": _at_least_one(args.n_train, "--n-train"),
        "validation": args.n_validation,
        "test": _at_least_one(args.n_test, "--n-test"),
        "sets": _at_least_one(args.sets, "--sets"),
        "seed": args.seed,
    }
    given = {key: value for key, value in table.items() if value is not None}
    if given and "train" not in given:
        msg = "a split needs --n-train: how many frames are to train on?"
        raise UsageError(msg)
    for key in ("validation", "seed"):
        if given.get(key, 0) < 0:
            msg = f"expected a number of at least 0 for {key}, got {given[key]}"
            raise UsageError(msg)
    # What the card may hold: it is read again when the files are written.
    for key, most in (("sets", MOST_SETS), ("seed", 2**63 - 1)):
        if given.get(key, 0) > most:
            msg = f"expected at most {most} for {key}, got {given[key]}"
            raise UsageError(msg)
    return given


def _at_least_one(value: int | None, option: str) -> int | None:
    if value is not None and value < 1:
        msg = f"expected {option} to be at least 1, got {value}"
        raise UsageError(msg)
    return value


def _label_keys(pairs: Sequence[str]) -> Any:
    from ms25_suite.datasets.cards.card import LabelKeys

    known = ("energy", "forces", "stress", "virial")
    keys: dict[str, str] = {}
    for pair in pairs:
        label, _, key = pair.partition("=")
        if label not in known or not key:
            msg = f"expected --keys LABEL=KEY with LABEL one of {', '.join(known)}, got {pair!r}"
            raise UsageError(msg)
        keys[label] = key
    if "stress" in keys and "virial" in keys:
        msg = "name either a stress or a virial in --keys, not both"
        raise UsageError(msg)
    return LabelKeys(**keys)  # type: ignore[arg-type]


def _input_keys(pairs: Sequence[str]) -> dict[str, str]:
    from ms25_suite.datasets.cards.inputs import refuse_unusable_inputs

    keys = {}
    for pair in pairs:
        name, _, key = pair.partition("=")
        if not name or not key:
            msg = f"expected --inputs NAME=KEY, got {pair!r}"
            raise UsageError(msg)
        keys[name] = key
    try:
        refuse_unusable_inputs(keys)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return keys


def _archive(args: argparse.Namespace) -> int:
    from ms25_suite.datasets.formats.units import Units

    keys = published.by_system(args.keys, "--keys")
    units = published.by_system(args.units, "--units")
    asked = {
        system: replace(_label_keys(keys.get(system, [])), units=Units.parse(units.get(system, [])))
        for system in {"", *keys, *units}
    }
    return published.run_archive(args, asked.pop(""), asked)


def _build(args: argparse.Namespace) -> int:
    from ms25_suite.core.cache import file_sha256
    from ms25_suite.datasets import open_dataset
    from ms25_suite.datasets.importers import suggested_splits
    from ms25_suite.datasets.readers.files import frame_sizes
    from ms25_suite.datasets.writer import card_path, naming_errors, refuse_output, write_card

    target = find_target(args.name)
    card = target.card
    out = args.out if args.out is not None else Path(f"{target.name}.extxyz.xz")
    refuse_output(out, overwrite=args.overwrite)
    # The card of the new file divides it into three parts.
    if args.frames is not None and args.frames < 3:
        msg = f"expected --frames to be at least 3 (training, validation, test), got {args.frames}"
        raise UsageError(msg)
    options = {
        "n_frames": args.frames,
        "n_compositions": args.compositions,
        "seed": args.seed,
        "potential_file": args.potential_file,
        "workers": args.workers,
    }
    target.build(out, options)
    n_frames = len(frame_sizes(out))
    data = {"path": out.name, "sha256": file_sha256(out)}
    # What is known about the built-in dataset holds for its rebuilt frames too; only files and
    # splits are new, and the name, which is that of the file.
    values = {
        "title": card.title,
        "system": card.system,
        "elements": list(card.elements),
        "cutoff": card.cutoff,
        "level_of_theory": card.level_of_theory,
        "paper_level_of_theory": card.paper_level_of_theory,
        "stand_in": card.stand_in,
        "threshold_class": card.threshold_class,
        "recipe": card.recipe,
        "licence": card.licence,
        "citation": card.citation,
        "reference_calculator": card.reference_calculator,
        "build": card.build,
        "thresholds": dict(card.thresholds),
        "files": [data],
        "splits": suggested_splits(n_frames, card.splits.seed, card.splits.sets or 3),
        **borrowed(card),
        **target.card_values(out, data),
    }
    with naming_errors(card_path(out), f"the frames are complete in {out}"):
        write_card(card_path(out), values)
    print(shown(f"wrote {out} and {card_path(out)}"))
    describe(open_dataset(str(card_path(out))))
    return 0
