"""Rows of the table "Datasets"."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.emt import EMT

from tests.helpers.copper import labelled
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Judge = Callable[..., Outcome]
Calc = Callable[..., str]
Dataset = Callable[..., str]
Spoil = Callable[[list[Atoms]], list[Atoms]]


@row("unknown dataset")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("haa", "Did you mean 'hea'?"),
        ("data.extxyz", "there is no file or folder data.extxyz"),
    ],
)
def test_an_unknown_dataset(judge: Judge, emt: str, name: str, words: str) -> None:
    assert words in judge(f"--mlip={emt}", f"--dataset={name}").text


def without_labels(atoms: Atoms) -> None:
    atoms.info.clear()
    atoms.arrays.pop("REF_forces", None)


def spoiled(images: list[Atoms], change: Callable[[Atoms], Any], *which: int) -> list[Atoms]:
    """The frames after a change of some of them, or of all."""
    for index in which or range(len(images)):
        change(images[index])
    return images


@row("dataset without labels, or with labels that are infinite")
@pytest.mark.parametrize(
    ("change", "which", "words"),
    [
        (without_labels, (), "no labels"),
        (lambda atoms: atoms.arrays["REF_forces"].__setitem__((2, 1), np.inf), (7,), "frame 7"),
        (lambda atoms: atoms.info.__setitem__("REF_energy", np.inf), (7,), "frame 7"),
    ],
    ids=["none", "forces", "energy"],
)
def test_unusable_labels(
    refused: Callable[[object], str],
    images: list[Atoms],
    dataset: Dataset,
    change: Callable[[Atoms], Any],
    which: tuple[int, ...],
    words: str,
) -> None:
    assert words in refused(dataset(spoiled(images, change, *which)))


@row("dataset without labels, or with labels that are infinite")
def test_columns_that_could_be_labels(
    refused: Callable[[object], str], images: list[Atoms], dataset: Dataset
) -> None:
    def rename(atoms: Atoms) -> None:
        energy, forces = atoms.info["REF_energy"], atoms.arrays["REF_forces"]
        without_labels(atoms)
        atoms.info["E_of_my_code"] = energy
        atoms.arrays["F_of_my_code"] = forces

    message = refused(dataset(spoiled(images, rename)))
    assert "F_of_my_code" in message


@row("labels of two methods (`pbe_energy` and `scan_energy`), neither named in a card")
def test_two_methods(
    refused: Callable[[object], str], images: list[Atoms], dataset: Dataset
) -> None:
    def two(atoms: Atoms) -> None:
        energy = atoms.info["REF_energy"]
        without_labels(atoms)
        atoms.info |= {"pbe_energy": energy, "scan_energy": energy - 1.0}

    message = refused(dataset(spoiled(images, two)))
    assert "pbe_energy" in message
    assert "scan_energy" in message


@row("some frames have `REF_energy`, the others `energy`")
def test_two_names_of_one_label(
    refused: Callable[[object], str], images: list[Atoms], dataset: Dataset
) -> None:
    def rename(atoms: Atoms) -> None:
        atoms.info["energy"] = atoms.info.pop("REF_energy")

    message = refused(dataset(spoiled(images, rename, 3, 8)))
    assert "`REF_energy` is on 28 of 30 frames only" in message
    assert "`energy`" in message


@row("labels on some frames only, or NaN on some")
@pytest.mark.parametrize(
    ("change", "quantity"),
    [
        (lambda atoms: atoms.info.pop("REF_stress"), "stress"),
        (lambda atoms: atoms.info.__setitem__("REF_stress", np.full(9, np.nan)), "stress"),
        (lambda atoms: atoms.arrays["REF_forces"].__setitem__((), np.nan), "forces"),
        (lambda atoms: atoms.info.__setitem__("REF_energy", np.nan), "energy"),
    ],
    ids=["missing", "NaN stress", "NaN forces", "NaN energy"],
)
def test_labels_on_some_frames(
    judge: Judge,
    images: list[Atoms],
    dataset: Dataset,
    emt: str,
    change: Callable[[Atoms], Any],
    quantity: str,
) -> None:
    frames = dataset(spoiled(images, change, 3, 8))
    outcome = judge(f"--mlip={emt}", f"--dataset={frames}")
    counts = {r["quantity"]: r["n_frames"] for r in outcome.results if r["metric"] == "mae"}
    assert counts == {"energy": 30, "forces": 30, "stress": 30} | {quantity: 28}
    assert "28" in outcome.text.partition("collected")[0]


def lone(symbol: str) -> Atoms:
    """An atom in a large box, with the energy of MACE's tutorials."""
    atoms = Atoms(symbol, cell=[12.0] * 3, pbc=True)
    atoms.info |= {"config_type": "IsolatedAtom", "REF_energy": -0.5}
    return atoms


@row("frames that are isolated atoms")
def test_isolated_atoms(judge: Judge, images: list[Atoms], dataset: Dataset, emt: str) -> None:
    frames = dataset([lone("Ni"), lone("Cu"), *images])
    outcome = judge(f"--mlip={emt}", f"--dataset={frames}")
    assert {r["n_frames"] for r in outcome.results if r["metric"] == "mae"} == {30}
    assert "isolated atom" in outcome.text.partition("collected")[0].lower()


@row("file of isolated atoms alone")
def test_isolated_atoms_alone(refused: Callable[[object], str], dataset: Dataset) -> None:
    assert "isolated" in refused(dataset([lone("Ni"), lone("Cu")])).lower()


def all_of(split: str) -> Spoil:
    return lambda images: spoiled(images, lambda atoms: atoms.info.update(split=split))


@row("all frames are validation frames (`split=val`)")
def test_validation_frames_alone(warned: Callable[[Spoil], str]) -> None:
    assert "validation" in warned(all_of("val"))


@row("all frames are training frames (`split=train`)")
def test_training_frames_alone(
    refused: Callable[[object], str], images: list[Atoms], dataset: Dataset
) -> None:
    assert "train" in refused(dataset(all_of("train")(images)))


def molecule(atoms: Atoms) -> Atoms:
    """The same atoms in vacuum, labelled again."""
    atoms = atoms.copy()
    atoms.pbc = False
    atoms.calc = EMT()
    energy, forces = atoms.get_potential_energy(), atoms.get_forces()
    atoms.calc = None
    without_labels(atoms)
    atoms.info["REF_energy"] = energy
    atoms.arrays["REF_forces"] = forces
    return atoms


def scaled_stress(factor: float) -> Spoil:
    def change(atoms: Atoms) -> None:
        atoms.info["REF_stress"] = factor * atoms.info["REF_stress"]

    return lambda images: spoiled(images, change)


@pytest.fixture
def warned(judge: Judge, dataset: Dataset, images: list[Atoms], emt: str) -> Callable[[Spoil], str]:
    """Warnings of a run on frames that were changed; the forces are judged."""

    def run(change: Spoil) -> str:
        outcome = judge(f"--mlip={emt}", f"--dataset={dataset(change(images))}")
        judged = [r for r in outcome.results if (r["quantity"], r["metric"]) == ("forces", "mae")]
        assert [r["verdict"] for r in judged] == ["pass"]
        return outcome.warnings

    return run


@row("duplicate frames, stress in GPa or kbar")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda images: images + images[:3], "3 of 33 frames repeat an earlier one"),
        (scaled_stress(160.21766), "GPa"),
        (scaled_stress(1602.1766), "kbar"),
    ],
    ids=["duplicates", "GPa", "kbar"],
)
def test_suspicious_data(warned: Callable[[Spoil], str], change: Spoil, words: str) -> None:
    assert words in warned(change)


@row("frames that differ in their periodic directions")
@pytest.mark.parametrize("full", [True, False])
def test_periodic_directions(warned: Callable[[Spoil], str], full: bool) -> None:
    """A cell full of atoms has lost `pbc`; a molecule in vacuum may be there on purpose."""

    def change(images: list[Atoms]) -> list[Atoms]:
        other = images[0]
        if not full:
            other.set_cell(other.cell.array + np.diag([20.0] * 3))
        return [*images[1:], molecule(other)]

    assert ("periodic directions" in warned(change)) is full


@row("some frames have `REF_energy`, the others `energy`")
def test_two_columns(
    refused: Callable[[object], str], images: list[Atoms], dataset: Dataset
) -> None:
    frames = Path(dataset(images))
    head, *rest = frames.read_text().partition("REF_energy")
    frames.write_text(head + "energy" + "".join(rest[1:]))
    message = refused(frames)
    assert "REF_energy" in message
    assert "`energy`" in message


@row("energies that differ by a constant for each atom of an element")
def test_a_constant_for_each_element(warned: Callable[[Spoil], str]) -> None:
    def shift(atoms: Atoms) -> None:
        atoms.info["REF_energy"] += 0.5 * len(atoms)

    warnings = warned(lambda images: spoiled(images, shift))
    assert "is a constant offset for each atom of an element (meV: Ni -500, Cu -500)" in warnings


@row("stress of the wrong sign")
def test_the_other_sign(warned: Callable[[Spoil], str]) -> None:
    assert "opposite sign" in warned(scaled_stress(-1.0))


@row("dataset or potential without stress, calculator that declares a stress and has none")
@pytest.mark.parametrize("lacking", ["dataset", "potential", "calculator"])
def test_no_stress(
    judge: Judge, images: list[Atoms], dataset: Dataset, calc: Calc, lacking: str
) -> None:
    potential = calc()
    if lacking == "dataset":
        images = spoiled(images, lambda atoms: atoms.info.pop("REF_stress"))
    elif lacking == "potential":
        potential = calc("pass\n    implemented_properties = ['energy', 'forces']")
    else:
        potential = calc("results.pop('stress', None)")
    outcome = judge(f"--mlip={potential}", f"--dataset={dataset(images)}")
    (reason,) = {r["reason"] for r in outcome.results if r["verdict"] == "skip"}
    assert "stress" in reason


def without_forces(atoms: Atoms) -> None:
    del atoms.arrays["REF_forces"]


def without_energy(atoms: Atoms) -> None:
    del atoms.info["REF_energy"]


@row("dataset without forces or without energies")
@pytest.mark.parametrize(
    ("change", "lacking"), [(without_forces, "forces"), (without_energy, "energ")]
)
def test_no_forces(
    judge: Judge,
    images: list[Atoms],
    dataset: Dataset,
    emt: str,
    change: Callable[[Atoms], Any],
    lacking: str,
) -> None:
    frames = dataset(spoiled(images, change))
    outcome = judge(f"--mlip={emt}", f"--dataset={frames}")
    assert outcome.verdicts == {"pass", "skip"}
    (line,) = [text for text in outcome.text.splitlines() if text.startswith("not judged: ")]
    assert lacking in line


@row('the same, and its card says `[labels] forces = "none"`')
def test_no_forces_on_purpose(
    judge: Judge, images: list[Atoms], dataset: Dataset, emt: str
) -> None:
    frames = dataset(spoiled(images, without_forces), '[labels]\nforces = "none"\n')
    outcome = judge(f"--mlip={emt}", f"--dataset={frames}")
    assert outcome.verdicts == {"pass", "skip"}


@row("fewer than six test frames")
@pytest.mark.parametrize(
    ("body", "verdict"),
    [("pass", "undecided"), ("results['forces'] = results['forces'] * 1.3", "fail")],
)
def test_few_frames(
    judge: Judge, images: list[Atoms], dataset: Dataset, calc: Calc, body: str, verdict: str
) -> None:
    outcome = judge(f"--mlip={calc(body)}", f"--dataset={dataset(images[:5])}")
    found = {r["quantity"]: r["verdict"] for r in outcome.results if r["metric"] == "mae"}
    assert found == {"energy": "undecided", "forces": verdict, "stress": "undecided"}


@row("error within the threshold, but no smaller than that of a constant")
def test_no_better_than_a_constant(judge: Judge, images: list[Atoms], dataset: Dataset) -> None:
    """A threshold in meV/Å^3 that the labels hardly exceed: their mean is close enough for it."""
    card = "[splits]\ntrain = 10\n[thresholds]\nstress.value = 50\n"
    frames = dataset(images, card)
    outcome = judge("--mlip=baseline:mean", f"--dataset={frames}")
    (stress,) = [r for r in outcome.results if (r["quantity"], r["metric"]) == ("stress", "mae")]
    assert stress["verdict"] == "fail"
    assert "no better than" in outcome.text


@row("potential whose energy and forces do not depend on the structure")
def test_a_constant_potential(judge: Judge, cuni: Path, calc: Calc) -> None:
    potential = calc(
        "results['energy'] = 1.0; results['forces'] = 0 * results['forces']; "
        "results['stress'] = 0 * results['stress']"
    )
    asked = ("-m", "error_thresholds or size_extensivity")
    outcome = judge(f"--mlip={potential}", f"--dataset={cuni}", *asked)
    assert outcome.verdicts - {"skip"} == {"fail"}
    # What would pass by its number alone: its energy is perfectly extensive.
    assert "does not respond to the structure" in outcome.reasons("fail")


@row("card with a partner that does not exist, is the same dataset, or contains other elements")
@pytest.mark.parametrize(
    ("partner", "words"),
    [
        ("absent.toml", "names 'absent.toml', which cannot be opened"),
        ("data.toml", "names 'data.toml', which is the same dataset or name"),
        ("other.extxyz", "names 'other.extxyz', which also holds Al"),
    ],
)
def test_a_bad_partner(
    judge: Judge, images: list[Atoms], dataset: Dataset, emt: str, partner: str, words: str
) -> None:
    other = images[0].copy()
    other.symbols[0] = "Al"
    dataset([labelled(other)] * 1, name="other")
    frames = dataset(images, f'[extensivity]\npartner = "{partner}"\n')
    outcome = judge(f"--mlip={emt}", f"--dataset={frames}")
    assert words in outcome.reasons()
    criteria = {r["criterion"] for r in outcome.results if r["verdict"] == "pass"}
    assert "error_thresholds" in criteria
