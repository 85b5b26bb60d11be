from __future__ import annotations

import re
from email.message import Message
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

import ms25_suite
from ms25_suite.core.catalogue import built_in
from ms25_suite.core.documentation import pages
from ms25_suite.core.documentation.pages import (
    find_page,
    how_to_read,
    installed_pages,
    page_address,
    site_address,
)
from ms25_suite.core.errors import UsageError
from tests.conftest import REPOSITORY

SITE = "https://docs.example.org/ms25"


@pytest.mark.parametrize(
    ("urls", "address"),
    [
        (["Source, https://a.org/x,y", f"Documentation, {SITE}/"], SITE),
        (["Documentation, https://OWNER.github.io/ms25-suite/"], ""),
        (["Documentation, javascript:alert(1)"], ""),
        (["Source, https://a.org"], ""),
        ([], ""),
    ],
    ids=["stated", "placeholder", "no web address", "another one", "none"],
)
def test_the_site_is_where_the_metadata_say(
    urls: list[str], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = Message()
    for url in urls:
        message["Project-URL"] = url
    monkeypatch.setattr(pages, "metadata", lambda name: message)
    assert site_address.__wrapped__() == address


def test_without_metadata_there_is_no_site(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Message:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(pages, "metadata", missing)
    assert site_address.__wrapped__() == ""


@pytest.mark.parametrize(
    ("page", "site", "address"),
    [
        ("docs/checks/eos.md", SITE, f"{SITE}/checks/eos.html"),
        ("docs/ci.md#baseline", f"{SITE}/", f"{SITE}/ci.html#baseline"),
        ("docs/ci.md", "", ""),
        ("docs/ci.md", "javascript:alert(1)", ""),
        ("https://a.org/theirs", "", "https://a.org/theirs"),
        ("", SITE, ""),
    ],
)
def test_addresses_of_pages(page: str, site: str, address: str) -> None:
    assert page_address(page, site) == address


def test_a_terminal_gets_the_command_and_the_address() -> None:
    assert how_to_read("docs/checks/eos.md", "") == "ms25 docs eos"
    shown = how_to_read("docs/checks/eos.md", SITE)
    assert shown == f"ms25 docs eos, or {SITE}/checks/eos.html"
    assert how_to_read("https://a.org/theirs", SITE) == "https://a.org/theirs"


def test_names_of_pages_are_unique() -> None:
    """They are found by their names without the folder."""
    folders = [REPOSITORY / "docs" / name for name in (".", "checks", "datasets", "adr")]
    files = [file for folder in folders for file in folder.glob("*.md")]
    assert len(installed_pages()) == len(files) > 60


@pytest.mark.parametrize("name", ["eos", "docs/checks/eos.md", "eos#limits", "checks/eos"])
def test_a_page_is_found_by_name_or_path(name: str) -> None:
    assert find_page(name) == REPOSITORY / "docs" / "checks" / "eos.md"


def test_an_unknown_page_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no page 'eso'\. Did you mean 'eos'\?.*lists all"):
        find_page("eso")


def test_a_wheel_without_pages_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ms25_suite, "__file__", str(tmp_path / "ms25_suite" / "__init__.py"))
    with pytest.raises(UsageError, match="has no documentation in"):
        installed_pages()


# What the suite says where to read: in messages, cards and results.
_COMMAND = re.compile(r"ms25 docs ([a-z0-9_-]+)")
_PATH = re.compile(r"docs/[\w/.-]+\.md(?:#[\w-]+)?")
_CALL = re.compile(r"how_to_read\(\s*[\"'](docs/[^\"']+)[\"']")
_HEADING = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)

SOURCES = sorted(
    file
    for folder in ("ms25_suite", "checks", "fixtures")
    for file in (REPOSITORY / folder).rglob("*")
    if file.suffix in {".py", ".toml", ".html", ".txt"}
)


def _anchors(file: Path) -> set[str]:
    """Anchors of a page, as GitHub and the site make them of its headings."""
    heads = _HEADING.findall(file.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def _dead(page: str) -> str:
    """Why a link to a page of the repository leads nowhere; empty if it does not."""
    path, _, anchor = page.partition("#")
    file = REPOSITORY / path
    if not file.is_file():
        return f"there is no {path}"
    return "" if not anchor or anchor in _anchors(file) else f"{path} has no #{anchor}"


def test_a_dead_link_is_seen() -> None:
    assert _dead("docs/ci.md#baseline") == ""
    assert _dead("docs/ci.md#no-such-heading") == "docs/ci.md has no #no-such-heading"
    assert _dead("docs/no_such.md") == "there is no docs/no_such.md"


def test_every_page_that_the_code_names_exists() -> None:
    dead, found = [], 0
    for file in SOURCES:
        # A pattern in a docstring.
        text = file.read_text(encoding="utf-8").replace("docs/checks/NAME.md", "")
        for page in [*_PATH.findall(text), *_CALL.findall(text)]:
            found += 1
            dead += [f"{file.name}: {why}" for why in [_dead(page)] if why]
        for name in _COMMAND.findall(text):
            found += 1
            dead += [] if name in installed_pages() else [f"{file.name}: ms25 docs {name}"]
    assert dead == []
    assert found > 40


@pytest.mark.parametrize("criterion", built_in().values(), ids=lambda criterion: criterion.name)
def test_every_criterion_has_a_page_that_is_installed(criterion: object) -> None:
    page = criterion.explained_in  # type: ignore[attr-defined]
    assert _dead(page) == ""
    name = how_to_read(page, "").removeprefix("ms25 docs ")
    assert installed_pages()[name] == REPOSITORY / page
