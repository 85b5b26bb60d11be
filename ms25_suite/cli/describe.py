"""What ``ms25 data`` prints of datasets: the list of those built in, and all about one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ms25_suite.cli.audit import print_finding
from ms25_suite.cli.observables import observable_lines
from ms25_suite.core.text.shown import markup

if TYPE_CHECKING:
    from ms25_suite.datasets import Dataset
    from ms25_suite.datasets.cards.card import DatasetCard
    from ms25_suite.datasets.tiers import Tier

__all__ = ["describe", "print_list"]


def print_list(tier: Tier) -> int:
    """Print the datasets that can be given by name.

    Parameters
    ----------
    tier
        What the names mean: the built-in datasets and those of installed packages, or imported
        ones.

    Returns
    -------
    int
        Exit status: zero, or 1 if an imported dataset cannot be opened.

    Raises
    ------
    DatasetError
        An installed package is broken, or nothing was imported.
    """
    from rich.console import Console
    from rich.table import Table

    if tier.folder is not None:
        return _print_imported(tier)
    from ms25_suite.datasets.registry import GROUPS, builtin_card, expand, known_datasets

    cards = [card for card in map(builtin_card, known_datasets()) if card is not None]
    with_packages = any(card.package for card in cards)
    table = Table(box=None, pad_edge=False, header_style="bold")
    titles = ["name", "frames", "atoms", "elements", "level of theory"]
    for title in titles + (["package"] if with_packages else []):
        number = title in ("frames", "atoms")
        table.add_column(
            title,
            justify="right" if number else "left",
            no_wrap=title not in ("elements", "level of theory"),
        )
    for card in cards:
        frames, atoms = _sizes(card)
        level = markup(card.level_of_theory + (" †" if card.stand_in else ""))
        package = [markup(card.package)] if with_packages else []
        table.add_row(card.name, frames, atoms, " ".join(card.elements), level, *package)
    # A pipe has no width: the lines of a table must not be broken there.
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    if any(card.stand_in for card in cards):
        console.print("† stands in for the paper's reference; `ms25 data show NAME` names both")
    known = [card.name for card in cards]
    groups = [
        f"{group} ({', '.join(members)})"
        for group in GROUPS
        if (members := [member for member in expand(group) if member in known])
    ]
    everything = "all (without those of packages)" if with_packages else "all"
    console.print(f"groups: {', '.join(groups)}, {everything}", soft_wrap=True, highlight=False)
    return 0


def _print_imported(tier: Tier) -> int:
    """Print the datasets of a folder, and which of the suite's names have none there."""
    from rich.console import Console
    from rich.table import Table

    from ms25_suite.core.errors import DatasetError
    from ms25_suite.datasets.dataset import open_dataset
    from ms25_suite.datasets.registry import not_imported

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("name", "tier", "frames", "atoms", "elements", "level of theory"):
        table.add_column(title, justify="right" if title in ("frames", "atoms") else "left")
    cards, broken = tier.cards(), []
    for name in cards:
        try:
            dataset = open_dataset(name, tier=tier)
        except DatasetError as error:
            broken.append(f"{name}: {error}")
            continue
        low, high = dataset.frames.n_atoms.min(), dataset.frames.n_atoms.max()
        table.add_row(
            markup(name),
            dataset.tier,
            str(len(dataset)),
            str(low) if low == high else f"{low}-{high}",
            " ".join(dataset.card.elements),
            markup(dataset.card.level_of_theory + (" †" if dataset.card.stand_in else "")),
        )
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    lines = [f"imported: {tier.folder} ({tier.origin})"]
    missing = not_imported("all", tier)
    if missing:
        lines.append(f"not imported: {', '.join(missing)} (--data=mini has data of these names)")
    lines += [f"cannot be opened: {text}" for text in broken]
    for line in lines:
        console.print(markup(line), soft_wrap=True, highlight=False)
    return 1 if broken else 0


def _sizes(card: DatasetCard) -> tuple[str, str]:
    """Numbers of frames and of atoms in a frame, without reading what is in the frames."""
    import numpy as np

    from ms25_suite.datasets.readers.files import frame_sizes

    sizes = np.concatenate([frame_sizes(file.path) for file in card.frame_files])
    low, high = int(sizes.min()), int(sizes.max())
    return str(len(sizes)), str(low) if low == high else f"{low}-{high}"


def _input_lines(dataset: Dataset) -> list[str]:
    """What potentials may read besides the structure: name, kind, shape, unit, range."""
    import numpy as np

    from ms25_suite.datasets.cards.inputs import input_unit

    lines = []
    for name, column in dataset.frames.inputs.columns.items():
        stated = column.stated()
        if not stated.any():
            continue  # only isolated atoms state it
        what = [f"per {column.per}"]
        if column.values.ndim > 1:
            what.append(f"{'x'.join(map(str, column.values.shape[1:]))} numbers")
        if column.is_text:
            what.append(" ".join(sorted(set(column.values[stated].tolist()))))
        else:
            low, high = column.values[stated].min(), column.values[stated].max()
            unit = input_unit(dataset.card.inputs, name)
            span = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            what.append(f"{span} {unit}".rstrip())
        if not stated.all():
            what.append(f"on {np.count_nonzero(stated)} of {len(stated)}")
        lines.append(f"{name} ({', '.join(what)})")
    return lines


def _orientation(dataset: Dataset) -> str:
    """Errors of known models on the published data of that name, and their source."""
    from ms25_suite.datasets.orientation import orientation

    found = orientation(dataset)
    if found is None:
        return ""
    errors = ", ".join(f"{model} {error:g}" for model, error in found.forces.items())
    where = "" if not dataset.card.stand_in else ", not on these stand-in labels"
    text = (
        f"forces MAE in meV/Å, for orientation only: {errors} ({found.conditions}{where}; "
        f"{found.source})"
    )
    return f"{text}. {found.remark}".rstrip(" .") + ("." if found.remark else "")


def describe(dataset: Dataset) -> None:
    """Print what a dataset is and what the audit found."""
    from collections import Counter

    import numpy as np
    from ase.data import chemical_symbols
    from rich.console import Console

    from ms25_suite.core.fields import QUANTITIES
    from ms25_suite.datasets.answers import tally

    card, frames, labels, splits = dataset.card, dataset.frames, dataset.labels, dataset.splits
    n_atoms = frames.n_atoms
    atoms = (
        f"{n_atoms.min()}" if n_atoms.min() == n_atoms.max() else f"{n_atoms.min()}-{n_atoms.max()}"
    )
    found = []
    for quantity in QUANTITIES:
        has = labels.has(quantity, frames.offsets)
        if has is not None:
            some = "" if has.all() else f" on {np.count_nonzero(has)} of {len(frames)} frames"
            found.append(f"{quantity} from `{dataset.label_keys[quantity]}`{some}")
    atoms_alone = [f"{chemical_symbols[z]} {e:.6g} eV" for z, e in dataset.atom_energies.items()]
    kinds = Counter(kind for kind in dataset.config_types.tolist() if kind)
    test = splits.parts[0][2]
    lines = {
        "name": f"{card.name} ({dataset.tier})",
        "title": card.title,
        "elements": " ".join(card.elements),
        "frames": f"{len(frames)} of {atoms} atoms",
        "labels": ", ".join(found),
        "inputs": ", ".join(_input_lines(dataset)),
        "isolated atoms": ", ".join(atoms_alone),
        "config_type": ", ".join(f"{kind} ({n})" for kind, n in kinds.most_common()),
        "level of theory": card.level_of_theory
        + (" (stand-in for the paper's)" if card.stand_in else ""),
        "in the paper": card.paper_level_of_theory if card.stand_in else None,
        "cutoff": f"{card.cutoff:g} Å" if card.cutoff else None,
        "thresholds": card.threshold_class + (" and its own" if card.thresholds else ""),
        "split": f"{splits.origin}; {len(splits.parts[0][0])} training, "
        f"{len(splits.parts[0][1])} validation, {len(test)} test",
        "training sizes": ", ".join(map(str, splits.train_sizes)) or "none",
        **observable_lines(dataset),
        "others found": _orientation(dataset),
        "licence": card.licence,
        "cite": card.citation,
        "sha256": dataset.sha256,
        "files": ", ".join(str(path) for path in dataset.sources),
    }
    console = Console()
    for key, text in lines.items():
        if text:
            console.print(f"[bold]{key:16}[/]{markup(text)}", soft_wrap=True, highlight=False)
    console.print(
        f"[bold]{'audit':16}[/]{tally(dataset.audit)} (`ms25 data audit` prints them)",
        soft_wrap=True,
        highlight=False,
    )
    for finding in dataset.findings:
        print_finding(console, finding)
