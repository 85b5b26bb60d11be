from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.errors import CardError
from ms25_suite.datasets.cards.card import DatasetCard
from ms25_suite.datasets.cards.files import CardFile
from ms25_suite.datasets.cards.observables import EosConfig


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


SHA = "a" * 64

EOS = '[eos]\nfiles = "a"\n'


NEB = '[neb]\npath = "a"\nbarrier = 0.5\n'


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("eos = 3", "`eos`: expected a table, found 3"),
        ("[eso]", r"unknown key `eso`\. Did you mean 'eos'"),
        (EOS + "curvekey = 1", r"unknown key `eos.curvekey`\. Did you mean 'curve_key'"),
        ("[eos]", "`eos`: names no frames: give files = .* or dataset ="),
        ("[eos]\nfiles = []", r"`eos.files`: expected a list of at least 1, found \[\]"),
        ('[eos]\nfiles = [{path = "a", sha256 = "b"}]', "must be 64 hexadecimal digits"),
        (
            EOS + 'observable = "bulk"',
            "`eos.observable`: expected 'volume' or 'lattice_constant', ",
        ),
        (EOS + "observable = []", r"expected 'volume' or 'lattice_constant', found \[\]"),
        (EOS + 'observable = "lattice_constant"', '"lattice_constant" without it'),
        (EOS + "atoms_per_cell = 4", '"volume" with it'),
        (
            EOS + "atoms_per_cell = 0",
            "`eos.atoms_per_cell`: expected a number of at least 1, found",
        ),
        (EOS + 'curve_key = ""', "`eos.curve_key`: expected a text that is not empty"),
        (EOS + 'equation = "vinet"', "`eos.equation`: expected 'murnaghan'.* found 'vinet'"),
        (EOS + 'build = "module.function"', "`eos`: `build` must be `module:function`"),
        (EOS + 'dataset = "hea"', "with `dataset` all the rest is that dataset's; found also"),
        ("[eos]\ndataset = 3", "`eos.dataset`: expected a text, found 3"),
        ("neb = []", r"`neb`: expected a table, found \[\]"),
        (NEB + "barier = 1", r"unknown key `neb.barier`\. Did you mean 'barrier'"),
        ("[neb]\nbarrier = 0.5", "`neb`: give `path`, the file of all images.*found none"),
        ('[neb]\ninitial = "a"\nbarrier = 0.5', "`initial` and `final` .* found initial"),
        ('[neb]\npath = "a"\nfinal = "b"\nbarrier = 0.5', "found final"),
        ('[neb]\npath = "a"', "`neb`: `barrier` is missing, .* forward barrier in eV"),
        ('[neb]\npath = "a"\nbarrier = -0.5', "`neb.barrier`: .* greater than 0, found -0.5"),
        ('[neb]\npath = "a"\nbarrier = "0.5"', "`neb.barrier`: expected a number, found '0.5'"),
        (
            NEB + "reaction_energy = inf",
            "`neb.reaction_energy`: expected a finite number, found inf",
        ),
        (NEB + "reaction_energy = true", "`neb.reaction_energy`: expected a number, found True"),
        (NEB + "barrier_source = 3", "`neb.barrier_source`: expected a text, found 3"),
        (NEB + 'dataset = "reaction"', "with `dataset` all the rest is that dataset's"),
        ("[neb]\npath = []\nbarrier = 0.5", r"`neb.path`: expected a list of at least 1, found"),
        ('[neb]\ninitial = ["a"]\nfinal = "b"', "`neb.initial`: expected a text or a table"),
        (NEB + 'build = "x"', "`neb`: `build` must be `module:function`"),
    ],
)
def test_invalid_tables_are_refused(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(CardError, match=match):
        card_of(tmp_path, text)
