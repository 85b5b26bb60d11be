"""A folder in the layout of the published archive, made of built-in frames.

What is known of that layout: one folder for each system, in it ``set1``, ``set2``, ``set3`` with
trajectories of ASE by role. Systems of VASP and LAMMPS have their labels in an attached calculator,
those of CP2K an energy in hartree under ``info["E"]``, beside ``i`` and ``time``. Where the forces
of CP2K are is not known: a trajectory of ASE holds them in the calculator or in ``info`` only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from ase.units import Bohr, Hartree

from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.dataset import Dataset

FOLDERS = {
    "MgO-2x2": "mgo-2x2",
    "MgO-4x4": "mgo-4x4",
    "H2O-64": "water-64",
    "H2O-192": "water-192",
    "CHA": "cha",
    "HEA": "hea",
    "Reaction": "reaction",
    "Zr-O": "zro",
}
"""Folder of the archive to the name of the system here."""

FRAMEWORKS = {"zeo_Y": "fau", "A-type": "lta", "silicalite": "mfi", "Beta (A)": "bea"}
"""Folders with odd names to the framework of their frames."""

OF_CP2K = ("water-64", "water-192", "cha", "fau", "lta", "mfi", "bea")


@dataclass
class System:
    """What was written of one system: frames in eV and Å, and which are for what in each set."""

    frames: list[Atoms]
    sets: list[dict[str, list[int]]] = field(default_factory=list)
    path: list[Atoms] = field(default_factory=list)


def built_in(name: str, n_frames: int) -> list[Atoms]:
    """Some frames of a built-in dataset, evenly spaced, with their labels in a calculator."""
    dataset = open_dataset(name)
    chosen = np.linspace(0, len(dataset) - 1, min(n_frames, len(dataset))).round().astype(int)
    return [labelled(dataset, int(index)) for index in chosen]


def labelled(dataset: Dataset, index: int) -> Atoms:
    frames, labels = dataset.part([index])
    atoms = Atoms(
        numbers=frames.numbers, positions=frames.positions, cell=frames.cells[0], pbc=frames.pbc[0]
    )
    results = {"energy": float(labels.energy[0]), "forces": np.array(labels.forces)}
    if labels.stress is not None and np.isfinite(labels.stress[0]).all():
        results["stress"] = np.array(labels.stress[0])
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def of_cp2k(images: Sequence[Atoms], forces: str | None) -> Iterator[Atoms]:
    """The same frames as CP2K leaves them: hartree, hartree/bohr, no stress.

    Parameters
    ----------
    forces
        Where the forces are: ``calculator``, the name of an array, or None for nowhere.
    """
    for number, image in enumerate(images):
        atoms = Atoms(image.numbers, image.positions, cell=image.cell, pbc=image.pbc)
        energy = image.get_potential_energy() / Hartree
        atoms.info = {"i": number, "time": 0.5 * number, "E": energy}
        values = image.get_forces() * Bohr / Hartree
        if forces == "calculator":
            atoms.calc = SinglePointCalculator(atoms, forces=values)
        elif forces is not None:
            atoms.info[forces] = values
        yield atoms


def divided(n_frames: int, n_train: int, n_validation: int, seed: int) -> dict[str, list[int]]:
    """A random division; the last of the training frames are those of a validation within it."""
    order = np.random.default_rng(seed).permutation(n_frames).tolist()
    return {
        "train": order[:n_train],
        "validation": order[n_train : n_train + n_validation],
        "test": order[n_train + n_validation :],
    }


def write_system(
    folder: Path,
    system: System,
    *,
    forces: str | None = "",
    completing: bool = True,
    sizes: Sequence[int] = (),
) -> None:
    """Write the sets of one system.

    Parameters
    ----------
    forces
        Empty for frames of VASP, else as for `of_cp2k`.
    completing
        Whether ``train-N.traj`` holds the frames of ``train.traj`` and ``val.traj``; else the
        validation frames are others, and ``train.traj`` holds a part of ``train-N.traj``.
    sizes
        Smaller training files.
    """

    def save(path: Path, images: Sequence[Atoms]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, list(images if forces == "" else of_cp2k(images, forces)))

    for number, parts in enumerate(system.sets, start=1):
        at = folder / f"set{number}"
        train, validation, test = (
            [system.frames[index] for index in parts[role]]
            for role in ("train", "validation", "test")
        )
        everything = [*train, *validation] if completing else train
        save(at / f"train-{len(everything)}.traj", everything)
        save(at / "train.traj", train if completing else train[: int(0.92 * len(train))])
        for size in sizes:
            save(at / f"train-{size}.traj", train[:size])
        save(at / "val.traj", validation)
        save(at / "test.traj", test)
        if system.path:
            save(at / "neb.traj", system.path)


def path_of_reaction() -> list[Atoms]:
    """The built-in reaction path with labels in calculators, and its held atoms."""
    reference = open_dataset("reaction").neb()
    assert reference is not None
    from ase.constraints import FixAtoms

    images = []
    for index in range(len(reference.frames)):
        frames = reference.frames.select([index])
        labels = reference.labels.select([index], reference.frames.offsets)
        atoms = Atoms(frames.numbers, frames.positions, cell=frames.cells[0], pbc=frames.pbc[0])
        atoms.set_constraint(FixAtoms(np.flatnonzero(reference.fixed)))
        results = {"energy": float(labels.energy[0]), "forces": np.array(labels.forces)}
        atoms.calc = SinglePointCalculator(atoms, **results)
        images.append(atoms)
    return images


def write_layout(
    folder: Path,
    systems: Mapping[str, str] = FOLDERS,
    *,
    n_frames: int = 60,
    n_train: int = 23,
    n_validation: int = 2,
    n_sets: int = 3,
    forces: str | None = "forces",
    completing: bool = True,
) -> dict[str, System]:
    """Write the whole layout.

    Parameters
    ----------
    systems
        Folder to the name of the system; FAU, LTA, MFI and BEA are written as one file each.
    forces
        Where the forces of the systems of CP2K are, as for `of_cp2k`.

    Returns
    -------
    :
        What was written, by the name of the system.
    """
    written = {}
    for name, system_name in systems.items():
        of_vasp = system_name not in OF_CP2K
        system = System(built_in(system_name, n_frames))
        if system_name in FRAMEWORKS.values():
            images = system.frames if of_vasp else list(of_cp2k(system.frames, forces))
            (folder / name).mkdir(parents=True)
            write(folder / name / "md.traj", images)
        else:
            n = len(system.frames)
            system.sets = [divided(n, n_train, n_validation, seed) for seed in range(n_sets)]
            system.path = path_of_reaction() if system_name == "reaction" else []
            where = "" if of_vasp else forces
            write_system(folder / name, system, forces=where, completing=completing)
        written[system_name] = system
    (folder / "README.md").write_text("# MS25\n")
    return written
