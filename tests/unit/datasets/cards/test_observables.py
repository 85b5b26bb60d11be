from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.errors import CardError
from ms25_suite.datasets.cards.card import DatasetCard
from ms25_suite.datasets.cards.files import CardFile
from ms25_suite.datasets.cards.observables import EosConfig
from ms25_suite.datasets.importers import write_card

SHA = "a" * 64


def card_of(tmp_path: Path, text: str) -> DatasetCard:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return DatasetCard.from_file(path)


def test_everything_that_eos_can_say(tmp_path: Path) -> None:
    eos = card_of(
        tmp_path,
        f"""
        [eos]
        files = ["a.extxyz", {{ path = "b.extxyz", sha256 = "{SHA}" }}]
        observable = "lattice_constant"
        atoms_per_cell = 4
        curve_key = "composition"
        equation = "birch-murnaghan"
        build = "package.module:build"
        """,
    ).eos
    assert eos is not None
    assert eos.files == (CardFile(tmp_path / "a.extxyz"), CardFile(tmp_path / "b.extxyz", SHA))
    assert (eos.observable, eos.atoms_per_cell) == ("lattice_constant", 4)
    assert (eos.curve_key, eos.equation) == ("composition", "birch-murnaghan")
    assert eos.build == "package.module:build"
    # 27 fcc cells of 3.6 Å.
    assert eos.observed(27 * 3.6**3, 108) == pytest.approx(3.6)


def test_eos_needs_only_a_file(tmp_path: Path) -> None:
    card = card_of(tmp_path, '[eos]\nfiles = "a.extxyz"')
    assert card.eos is not None
    assert card.neb is None
    assert card.eos.files == (CardFile(tmp_path / "a.extxyz"),)
    assert (card.eos.observable, card.eos.equation, card.eos.curve_key) == (
        "volume",
        "murnaghan",
        None,
    )
    assert card.eos.observed(1234.5, 108) == 1234.5


def test_everything_that_neb_can_say(tmp_path: Path) -> None:
    neb = card_of(
        tmp_path,
        f"""
        [neb]
        path = ["between.extxyz"]
        initial = {{ path = "a.traj", sha256 = "{SHA}" }}
        final = "b.traj"
        barrier = 1
        barrier_source = "highest image"
        reaction_energy = -0.25
        build = "package.module:build"
        """,
    ).neb
    assert neb is not None
    assert neb.path == (CardFile(tmp_path / "between.extxyz"),)
    assert neb.initial == CardFile(tmp_path / "a.traj", SHA)
    assert neb.final == CardFile(tmp_path / "b.traj")
    assert (neb.barrier, neb.barrier_source, neb.reaction_energy) == (1.0, "highest image", -0.25)
    assert neb.build == "package.module:build"


@pytest.mark.parametrize(
    "text",
    [
        '[neb]\npath = "a.extxyz"\nbarrier = 0.5',
        '[neb]\ninitial = "a.traj"\nfinal = "b.traj"\nbarrier = 0.5',
    ],
    ids=["path", "ends"],
)
def test_neb_needs_images_and_a_barrier(tmp_path: Path, text: str) -> None:
    neb = card_of(tmp_path, text).neb
    assert neb is not None
    assert (neb.barrier, neb.barrier_source, neb.reaction_energy) == (0.5, "", None)


def test_observables_of_a_built_in_dataset(tmp_path: Path) -> None:
    card = card_of(tmp_path, '[eos]\ndataset = "hea"\n[neb]\ndataset = "reaction"')
    assert card.eos == EosConfig(dataset="hea")
    assert card.neb is not None
    assert card.neb.dataset == "reaction"


EOS = '[eos]\nfiles = "a"\n'
NEB = '[neb]\npath = "a"\nbarrier = 0.5\n'


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("eos = 3", r"\[eos\] must be a table, found 3"),
        ("[eso]", r"unknown key `eso`\. Did you mean 'eos'"),
        (EOS + "curvekey = 1", r"\[eos\]: unknown key `curvekey`\. Did you mean 'curve_key'"),
        ("[eos]", r"\[eos\] names no frames: give files = .* or dataset ="),
        ("[eos]\nfiles = []", r"\[eos\] `files` is empty"),
        ('[eos]\nfiles = [{path = "a", sha256 = "b"}]', "must be 64 hexadecimal digits"),
        (EOS + 'observable = "bulk"', "`observable` must be one of volume, lattice_constant"),
        (EOS + "observable = []", r"must be one of volume, lattice_constant, found \[\]"),
        (EOS + 'observable = "lattice_constant"', '"lattice_constant" without it'),
        (EOS + "atoms_per_cell = 4", '"volume" with it'),
        (EOS + "atoms_per_cell = 0", "`atoms_per_cell` must be a whole number of at least 1"),
        (EOS + 'curve_key = ""', "`curve_key` must be a non-empty text"),
        (EOS + 'equation = "vinet"', "`equation` must be one of murnaghan, birch-murnaghan"),
        (EOS + 'build = "module.function"', r"\[eos\] `build` must be `module:function`"),
        (EOS + 'dataset = "hea"', "with `dataset` all the rest is that dataset's; found also"),
        ("[eos]\ndataset = 3", r"\[eos\] `dataset` must be a non-empty text"),
        ("neb = []", r"\[neb\] must be a table"),
        (NEB + "barier = 1", r"\[neb\]: unknown key `barier`\. Did you mean 'barrier'"),
        ("[neb]\nbarrier = 0.5", r"give `path`, the file of all images.*found none"),
        ('[neb]\ninitial = "a"\nbarrier = 0.5', "`initial` and `final` .* found initial"),
        ('[neb]\npath = "a"\nfinal = "b"\nbarrier = 0.5', "found final"),
        ('[neb]\npath = "a"', r"\[neb\]: `barrier` is missing, .* forward barrier in eV"),
        ('[neb]\npath = "a"\nbarrier = -0.5', "`barrier` must be a positive number, found -0.5"),
        ('[neb]\npath = "a"\nbarrier = "0.5"', "`barrier` must be a positive number"),
        (NEB + "reaction_energy = inf", "`reaction_energy` must be a number, found inf"),
        (NEB + "reaction_energy = true", "`reaction_energy` must be a number, found True"),
        (NEB + "barrier_source = 3", "`barrier_source` must be a non-empty text"),
        (NEB + 'dataset = "reaction"', "with `dataset` all the rest is that dataset's"),
        ("[neb]\npath = []\nbarrier = 0.5", r"\[neb\] `path` is empty"),
    ],
)
def test_invalid_tables_are_refused(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(CardError, match=match):
        card_of(tmp_path, text)


def test_written_tables_read_the_same(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    write_card(
        path,
        {
            "name": "mine",
            "eos": {"files": [{"path": "a.extxyz", "sha256": SHA}, "b.extxyz"]},
            "neb": {"barrier": 0.5, "path": {"path": "c.extxyz", "sha256": SHA}},
        },
    )
    card = DatasetCard.from_file(path)
    assert card.eos is not None
    assert card.neb is not None
    assert card.eos.files == (CardFile(tmp_path / "a.extxyz", SHA), CardFile(tmp_path / "b.extxyz"))
    assert card.neb.path == (CardFile(tmp_path / "c.extxyz", SHA),)
