from __future__ import annotations

from pathlib import Path

import pytest
from ase import Atoms
from ase.io import write

from ms25_suite.core.errors import CardError, DatasetError
from ms25_suite.datasets.cards.partners import Partners, read_partners
from ms25_suite.datasets.dataset import open_dataset, open_partner
from ms25_suite.datasets.registry import builtin_card, known_datasets


def test_a_card_names_its_partners() -> None:
    table = {
        "extensivity": {"partner": "large.toml", "reference_not_extensive": "one k-point"},
        "transfer": {"to": ["fau", "mine/lta.extxyz"]},
    }
    found = read_partners(table, "card")
    assert found == Partners("large.toml", "one k-point", ("fau", "mine/lta.extxyz"))
    assert found.of("size_extensivity") == ("large.toml",)
    assert found.of("framework_transfer") == ("fau", "mine/lta.extxyz")
    assert found.of("error_thresholds") == ()


def test_a_card_may_name_none() -> None:
    assert read_partners({}, "card") == Partners()
    assert Partners().of("size_extensivity") == ()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"extensivity": "large"}, r"\[extensivity\] must be a table"),
        ({"extensivity": {"partner": ["large"]}}, "`partner` must be a non-empty text"),
        ({"extensivity": {"partner": ""}}, "`partner` must be a non-empty text"),
        ({"extensivity": {"reference_not_extensive": True}}, "must be a non-empty text"),
        ({"extensivity": {"to": "large"}}, "unknown key `to`"),
        ({"transfer": {"from": ["cha"]}}, "unknown key `from`"),
        ({"transfer": {"to": []}}, "`to` must be a list of texts"),
        ({"transfer": {"to": ["fau", 3]}}, "`to` must be a non-empty text"),
        ({"transfer": {"to": ["fau", "fau"]}}, "`to` names a dataset twice: fau, fau"),
    ],
)
def test_what_is_no_partner_is_refused(table: dict[str, object], message: str) -> None:
    with pytest.raises(CardError, match=message):
        read_partners(table, "card")


def test_built_in_partners_exist_and_name_each_other() -> None:
    """If this fails, a card names a dataset that this version does not have."""
    for name in known_datasets():
        partners = builtin_card(name).partners
        for other in (*partners.of("size_extensivity"), *partners.of("framework_transfer")):
            assert other in known_datasets(), (name, other)
        for other in partners.of("size_extensivity"):
            assert builtin_card(other).partners.extensivity == name


def _write(folder: Path, name: str, images: list[Atoms], card: str = "") -> str:
    write(folder / f"{name}.extxyz", images)
    (folder / f"{name}.toml").write_text(card)
    return str(folder / f"{name}.toml")


def test_a_path_starts_from_the_folder_of_the_card(
    tmp_path: Path, cuni_images: list[Atoms]
) -> None:
    (tmp_path / "other").mkdir()
    _write(tmp_path / "other", "large", [atoms * (2, 1, 1) for atoms in _plain(cuni_images)])
    own = open_dataset(_write(tmp_path, "small", cuni_images))
    assert open_partner(own, "other/large.extxyz").name == "large"
    assert open_partner(own, str(tmp_path / "other" / "large.toml")).name == "large"


def _plain(images: list[Atoms]) -> list[Atoms]:
    images = [atoms.copy() for atoms in images]
    for index, atoms in enumerate(images):
        atoms.info["REF_energy"] = float(index)
        del atoms.info["REF_stress"]
    return images


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent.extxyz", "names 'absent.extxyz', which cannot be opened: there is no file"),
        ("fau", "names 'fau', which also holds Si O: what is trained on Ni Cu alone"),
        ("small.extxyz", "which is the same dataset or name"),
        ("again/small.extxyz", "which is the same dataset or name"),
    ],
)
def test_a_partner_that_cannot_be_one_says_why(
    tmp_path: Path, cuni_images: list[Atoms], name: str, message: str
) -> None:
    (tmp_path / "again").mkdir()
    _write(tmp_path / "again", "small", cuni_images[:5])
    own = open_dataset(_write(tmp_path, "small", cuni_images))
    with pytest.raises(DatasetError, match=message):
        open_partner(own, name)
