from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.contracts import json_schema
from ms25_suite.core.errors import CardError
from ms25_suite.core.fields import NOT_STATED
from ms25_suite.datasets.cards.card import CardTable, DatasetCard, LabelKeys
from ms25_suite.datasets.cards.partners import Partners
from ms25_suite.datasets.registry import builtin_card, known_datasets

FULL = """
name = "mine"
title = "My alloy"
system = "alloy"
elements = ["Cu", "Ni"]
cutoff = 5
level_of_theory = "PBE"
paper_level_of_theory = "PBE+D3"
stand_in = true
threshold_class = "complex"
recipe = "MD"
licence = "CC0"
citation = "me"
reference_calculator = "package.module:calculator"
build = "package.module:build"
aliases = ["other"]

[[files]]
path = "a.extxyz"
sha256 = "{sha}"

[labels]
energy = "dft_energy"
virial = "dft_virial"

[splits]
train = 100
validation = 10
test = 50
train_sizes = [50, 100]
sets = 3
seed = 7

[thresholds.energy]
value = 1.0
unit = "meV/atom"
metric = "mae"
source = "me"
"""


def card_of(tmp_path: Path, text: str, name: str = "mine.toml") -> DatasetCard:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return DatasetCard.from_file(path)


def test_everything_a_card_can_say(tmp_path: Path) -> None:
    card = card_of(tmp_path, FULL.replace("{sha}", "a" * 64))
    assert card.elements == ("Cu", "Ni")
    assert card.cutoff == 5.0
    assert card.stand_in is True
    assert card.threshold_class == "complex"
    assert card.labels == LabelKeys(energy="dft_energy", virial="dft_virial")
    assert card.splits.train == 100
    assert card.splits.train_sizes == (50, 100)
    assert (card.splits.sets, card.splits.seed) == (3, 7)
    assert card.thresholds["energy"]["value"] == 1.0
    assert card.files[0].path == tmp_path / "a.extxyz"
    assert card.files[0].sha256 == "a" * 64
    assert card.aliases == ("other",)
    assert card.path == tmp_path / "mine.toml"


@pytest.mark.parametrize("name", ["=1", "Ni Cu é (2)", "..a", "x" * 100])
def test_a_name_may_hold_what_can_be_read(tmp_path: Path, name: str) -> None:
    assert card_of(tmp_path, f'name = "{name}"').name == name


@pytest.mark.parametrize(
    "name", ["a/b", r"a\\b", ".", "..", r"\u001b[31m", r"a\nb", r"\u202ea", "x" * 101]
)
def test_a_name_is_no_path_and_can_be_seen(tmp_path: Path, name: str) -> None:
    with pytest.raises(CardError, match=r"`name`: expected a name of at most 100 printable"):
        card_of(tmp_path, f'name = "{name}"')


def test_a_user_needs_only_files(tmp_path: Path) -> None:
    card = card_of(tmp_path, 'files = "a.extxyz"')
    assert card.name == "mine"
    assert card.level_of_theory == NOT_STATED == "not stated"
    assert card.cutoff is None
    assert card.threshold_class == "standard"
    assert [file.path.name for file in card.files] == ["a.extxyz"]


def test_the_card_of_a_folder_is_named_after_it(tmp_path: Path) -> None:
    folder = tmp_path / "alloy"
    folder.mkdir()
    assert card_of(folder, "", "card.toml").name == "alloy"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (
            'titel = "x"',
            r"mine\.toml: unknown key `titel`\. Did you mean 'title'\? Known keys: name, ",
        ),
        ('path = "x"', "unknown key `path`"),
        ('package = "x"', "unknown key `package`"),
        ('[labels]\nenergi = "e"', r"unknown key `labels.energi`\. Did you mean 'energy'"),
        ("title = 3", "`title`: expected a text, found 3"),
        ('title = " "', "`title`: expected a text that is not empty, found ' '"),
        ('elements = "Cu"', "`elements`: expected a list, found 'Cu'"),
        ("elements = []", r"`elements`: expected a list of at least 1, found \[\]"),
        ('elements = ["Cu", 3]', r"`elements\[1\]`: expected a text, found 3"),
        ('elements = ["Cu", "Xy"]', "`elements` must be chemical symbols, found Xy"),
        ('cutoff = "5"', "`cutoff`: expected a number, found '5'"),
        ("cutoff = true", "`cutoff`: expected a number, found True"),
        ("cutoff = -1", "`cutoff`: expected a number greater than 0, found -1"),
        ("cutoff = 1e6", "`cutoff`: expected a number less than 1e.06, found"),
        ("cutoff = nan", "`cutoff`: expected a finite number, found nan"),
        ("stand_in = 1", "`stand_in`: expected true or false, found 1"),
        ('build = "module.function"', "`build` must be `module:function`, found 'module.function'"),
        (
            'reference_calculator = "x"',
            "`reference_calculator` must be `module:function`, found 'x'",
        ),
        ("labels = 3", r"`labels`: expected a table, found 3"),
        ('[labels]\nstress = "a"\nvirial = "b"', "`labels`: name either `stress` or `virial`, not"),
        ('files = "a"\n[splits]\ntest = "a.xyz"', "either in `files` or by role"),
        ("thresholds = 3", "`thresholds`: expected a table, found 3"),
        ("[thresholds]\nenergy = 3", "`thresholds.energy`: expected a table, found 3"),
        ("title = 3\ncutoff = 0", "`title`: .*; `cutoff`: "),
        ("title = ", "cannot read the dataset card"),
    ],
)
def test_an_invalid_card_is_refused(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(CardError, match=match):
        card_of(tmp_path, text)


def test_a_card_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="cannot read the dataset card"):
        DatasetCard.from_file(tmp_path / "none.toml")


def test_a_built_in_card_names_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('name = "x"\ntitle = "X"', encoding="utf-8")
    with pytest.raises(CardError, match="must have `elements`, `level_of_theory`, `files`"):
        DatasetCard.from_file(path, builtin=True)


def test_a_built_in_card_is_named_after_its_file(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(
        'name = "y"\ntitle = "Y"\nelements = ["Cu"]\nlevel_of_theory = "EMT"\nfiles = "y.extxyz"',
        encoding="utf-8",
    )
    with pytest.raises(CardError, match="expected name = 'x', found 'y'"):
        DatasetCard.from_file(path, builtin=True)


def test_blanks_around_a_text_are_left_out(tmp_path: Path) -> None:
    assert card_of(tmp_path, 'title = " Copper "').title == "Copper"


def test_partners_come_from_two_tables(tmp_path: Path) -> None:
    card = card_of(
        tmp_path,
        '[extensivity]\npartner = "large.toml"\nreference_not_extensive = "one k-point"\n'
        '[transfer]\nto = ["fau", "mine/lta.extxyz"]',
    )
    assert card.partners == Partners("large.toml", "one k-point", ("fau", "mine/lta.extxyz"))
    assert card_of(tmp_path, "").partners == Partners()


def test_the_schema_describes_the_file_and_not_the_object() -> None:
    schema = json_schema(CardTable)
    assert schema["additionalProperties"] is False
    assert "required" not in schema
    assert {"files", "splits", "extensivity", "transfer", "eos", "neb"} <= set(schema["properties"])
    assert not {"path", "package", "partners"} & set(schema["properties"])
    # A file is a text, a table, or a list of these.
    assert len(schema["properties"]["files"]["anyOf"]) == 3


def test_hea_is_the_papers() -> None:
    card = builtin_card("HEA")
    assert card is not None
    assert "hea" in known_datasets()
    assert card.elements == ("Fe", "Ni", "Cr", "Co", "Cu")
    assert card.cutoff == 5.5
    assert card.threshold_class == "complex"
    assert card.stand_in is False
    assert (card.splits.train, card.splits.validation, card.splits.test) == (200, 40, 420)
    assert card.splits.train_sizes == (50, 100, 200)
    assert card.splits.sets == 3
    assert builtin_card("no-such") is None


def test_built_in_names_are_unique() -> None:
    names: list[str] = []
    for name in known_datasets():
        card = builtin_card(name)
        assert card is not None
        assert card.name == name
        names += [card.name, *card.aliases]
    assert len({name.lower() for name in names}) == len(names)
