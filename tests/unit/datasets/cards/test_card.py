from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.errors import CardError
from ms25_suite.datasets.cards.card import NOT_STATED, DatasetCard, LabelKeys
from ms25_suite.datasets.importers import card_path, write_card
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
        ('titel = "x"', r"unknown key `titel`\. Did you mean 'title'"),
        (
            "[splits]\ntrian = 3\ntest = 1",
            r"\[splits\]: unknown key `trian`\. Did you mean 'train'",
        ),
        ('[labels]\nenergi = "e"', r"\[labels\]: unknown key `energi`\. Did you mean 'energy'"),
        ("title = 3", "`title` must be a non-empty text, found 3"),
        ('title = " "', "`title` must be a non-empty text"),
        ('elements = "Cu"', "`elements` must be a list of texts"),
        ('elements = ["Cu", "Xy"]', "`elements` must be chemical symbols, found Xy"),
        ('cutoff = "5"', "`cutoff` must be a positive number, found '5'"),
        ("cutoff = true", "`cutoff` must be a positive number"),
        ("cutoff = -1", "`cutoff` must be a positive number"),
        ("cutoff = nan", "`cutoff` must be a positive number"),
        ("stand_in = 1", "`stand_in` must be true or false, found 1"),
        ('build = "module.function"', "`build` must be `module:function`"),
        ("files = []", "`files` is empty"),
        ("files = 3", "`files` must be a non-empty text"),
        ('files = [{path = "a", sha = "b"}]', r"unknown key `sha`\. Did you mean 'sha256'"),
        ('files = [{path = "a", sha256 = "zz"}]', "must be 64 hexadecimal digits"),
        ('files = [{sha256 = "zz"}]', "`path` must be a non-empty text, found None"),
        ("labels = 3", r"\[labels\] must be a table"),
        ('[labels]\nstress = "a"\nvirial = "b"', "either `stress` or `virial`"),
        ("[splits]\ntrain = 0", "`train` must be a whole number of at least 1, found 0"),
        ("[splits]\ntrain = 1.5", "`train` must be a whole number"),
        ("[splits]\nvalidation = 3", r"has validation but no `train`"),
        ("[splits]\ntrain = 9\nsets = 0", "`sets` must be a whole number of at least 1"),
        ("[splits]\ntrain = 9\nseed = -1", "`seed` must be a whole number of at least 0"),
        ("[splits]\ntrain = 9\ntrain_sizes = 3", "`train_sizes` must be a list"),
        ("[splits]\ntrain = 9\ntrain_sizes = [5, 3]", "`train_sizes` must ascend"),
        ("[splits]\ntrain = 9\ntrain_sizes = [5, 10]", "must not exceed `train` = 9"),
        ('[splits]\ntrain = "a.xyz"\ntest = 5', "either numbers of frames or files"),
        ('[splits]\ntrain = "a.xyz"', "files of train but none of `test`"),
        ('files = "a"\n[splits]\ntest = "a.xyz"', "either in `files` or by role"),
        ("thresholds = 3", r"\[thresholds\] must be a table"),
        ("[thresholds]\nenergy = 3", r"\[thresholds.energy\] must be a table"),
        ("title = ", "cannot read the dataset card"),
    ],
)
def test_an_invalid_card_is_refused(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(CardError, match=match):
        card_of(tmp_path, text)


def test_a_card_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="cannot read the dataset card"):
        DatasetCard.from_file(tmp_path / "none.toml")


def test_a_shipped_card_names_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('name = "x"\ntitle = "X"', encoding="utf-8")
    with pytest.raises(CardError, match="must have `elements`, `level_of_theory`, `files`"):
        DatasetCard.from_file(path, shipped=True)


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


def test_a_written_card_reads_the_same(tmp_path: Path) -> None:
    path = card_path(tmp_path / "mine.extxyz.xz")
    assert path == tmp_path / "mine.toml"
    write_card(
        path,
        {
            "title": 'a "quoted" \\ Å',
            "elements": ("Cu", "Ni"),
            "cutoff": 5.5,
            "stand_in": False,
            "citation": None,
            "files": [{"path": "mine.extxyz.xz", "sha256": "b" * 64}],
            "thresholds": {"energy": {"value": 1.5, "unit": "meV/atom"}},
            "splits": {"train": 3, "train_sizes": [1, 3]},
        },
    )
    card = DatasetCard.from_file(path)
    assert card.title == 'a "quoted" \\ Å'
    assert card.elements == ("Cu", "Ni")
    assert card.splits.train_sizes == (1, 3)
    assert card.thresholds == {"energy": {"value": 1.5, "unit": "meV/atom"}}
    assert card.files[0].sha256 == "b" * 64
