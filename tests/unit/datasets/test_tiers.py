from __future__ import annotations

from pathlib import Path

import pytest

from ms25_suite.core.errors import DatasetError, UnknownDatasetError
from ms25_suite.datasets import open_dataset
from ms25_suite.datasets.dataset import open_partner
from ms25_suite.datasets.registry import expand, imported_card, not_imported, suggestion
from ms25_suite.datasets.tiers import MINI, VARIABLE, Tier, find_tier, published_folder
from tests.helpers.imported import import_some


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.mark.parametrize("text", [None, "mini", " MINI "])
def test_by_default_names_mean_what_the_suite_brings(text: str | None) -> None:
    assert find_tier(text) is MINI
    assert MINI.cards() == {}


def test_an_option_goes_before_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "published")
    assert find_tier().name == "published"
    assert find_tier("mini") is MINI
    # Set to nothing is as if it were not set.
    monkeypatch.setenv(VARIABLE, "")
    assert find_tier() is MINI


@pytest.mark.parametrize("choice", ["option", "variable", "path"])
def test_names_mean_the_imported_data(choice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = published_folder()
    import_some(folder, "cha", "reaction")
    tier = None
    if choice == "variable":
        monkeypatch.setenv(VARIABLE, "published")
    else:
        tier = find_tier("published" if choice == "option" else str(folder))
    for name in ("cha", " CHA "):
        dataset = open_dataset(name, tier=tier)
        assert (dataset.tier, dataset.card.stand_in, len(dataset)) == ("published", False, 3)
    # By an alias of the suite's own dataset too.
    assert open_dataset("ch4-pt", tier=tier).name == "reaction"
    with pytest.raises(DatasetError, match=r"hold no hea; in .* there are cha and reaction"):
        open_dataset("hea", tier=tier)
    # A text is taken as an option would be.
    assert open_dataset("cha", tier="published").tier == "published"
    assert open_dataset("cha", tier="mini").tier == "mini"


def test_a_path_means_the_same_in_every_tier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "published")
    cards = import_some(Path("mine"), "cha")
    # Nothing is imported, and nothing needs it.
    assert open_dataset(str(cards["cha"])).tier == "published"
    with pytest.raises(UnknownDatasetError, match=r"there is no file or folder none\.extxyz"):
        open_dataset("none.extxyz")
    with pytest.raises(DatasetError, match=r"MS25_DATA=published: .* are not imported.*archive"):
        open_dataset("cha")


def test_a_folder_of_one_s_own_cards_is_no_published_data() -> None:
    import_some(Path("mine"), "cha", published=False)
    assert open_dataset("cha", tier=find_tier("mine")).tier == "user"


def test_groups_have_the_members_that_are_imported() -> None:
    import_some(Path("mine"), "cha", "lta", "hea")
    tier = find_tier("mine")
    assert expand("zeolites", tier) == ("cha", "lta")
    assert not_imported("zeolites", tier) == ("fau", "mfi", "bea")
    assert expand("all", tier) == ("cha", "hea", "lta")
    assert expand("cha", tier) == ("cha",)
    assert not_imported("cha", tier) == not_imported("all", MINI) == ()
    with pytest.raises(DatasetError, match="hold no mgo-2x2 and no mgo-4x4"):
        expand("mgo", tier)


def test_what_is_no_name_is_no_card() -> None:
    import_some(Path("mine"), "cha")
    tier = find_tier("mine")
    assert imported_card("mine/cha.toml", tier) is None
    assert imported_card("cha", MINI) is None
    assert "Did you mean 'cha'?" in suggestion("chaa", tier)


def test_partners_are_of_the_same_tier() -> None:
    import_some(Path("mine"), "cha", "lta")
    tier = find_tier("mine")
    cha = open_dataset("cha", tier=tier)
    assert open_partner(cha, "lta", tier=tier).tier == "published"
    # What the suite brings has the partners that it brings.
    assert open_partner(open_dataset("cha", tier=MINI), "lta", tier=tier).tier == "mini"


def test_published_data_that_are_not_imported() -> None:
    with pytest.raises(DatasetError) as found:
        find_tier("published").cards()
    for words in ("--data=published", "not imported", "ms25 data download", "ms25 data archive"):
        assert words in str(found.value)
    # What `--out published` wrote is named.
    import_some(Path("published"), "cha")
    with pytest.raises(DatasetError, match=r"--data=\./published"):
        find_tier("published").cards()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("publishd", r"there is no folder .*publishd\. Did you mean 'published'\? Expected mini"),
        ("nonsense", r"no folder .*nonsense\. Expected mini, published, or a folder"),
        ("file.zip", r"found a file\. .*`ms25 data archive .*file\.zip`"),
        ("empty", r"holds no cards .*import it first"),
    ],
)
@pytest.mark.parametrize("origin", ["--data", VARIABLE])
def test_what_is_no_tier(
    text: str, words: str, origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file.zip").touch()
    Path("empty").mkdir()
    monkeypatch.setenv(VARIABLE, text)
    tier = find_tier(text if origin == "--data" else None)
    with pytest.raises(DatasetError, match=f"^{origin}={text}: .*{words}"):
        tier.cards()


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "expected mini"), (" ", "expected mini"), ("a\0b", "cannot be"), ("x" * 9999, "cannot")],
)
def test_what_cannot_be_a_tier(text: str, words: str) -> None:
    with pytest.raises(DatasetError, match=words):
        find_tier(text)


def test_a_card_that_is_broken_is_named() -> None:
    import_some(Path("mine"), "cha")
    Path("mine/hea.toml").write_text("files = 3")
    tier = find_tier("mine")
    assert open_dataset("cha", tier=tier).name == "cha"
    with pytest.raises(DatasetError, match=r"hea\.toml"):
        open_dataset("hea", tier=tier)


def test_a_tier_is_what_it_says() -> None:
    assert find_tier("published") == Tier("published", published_folder(), "--data=published")
    assert find_tier("some/where").folder == Path("some/where").absolute()
