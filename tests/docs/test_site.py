"""The site is built without a warning, and opens without a network; its notebooks run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ms25_suite.core.catalogue import built_in
from ms25_suite.core.documentation.pages import installed_pages, page_address
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.slow

TUTORIALS = sorted((REPOSITORY / "docs" / "tutorials").glob("*.ipynb"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("myst_nb", reason='needs pip install "ms25-suite[docs]"')
    out = tmp_path_factory.mktemp("built") / "site"
    build = [sys.executable, REPOSITORY / "docs" / "site" / "make_site.py", out]
    # The notebooks have a test of their own.
    variables = os.environ | {"MS25_DOCS_NOTEBOOKS": "off"}
    done = subprocess.run(build, env=variables, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return out


def test_pictures_show_a_potential_that_passes_and_one_that_fails(tmp_path: Path) -> None:
    """`draw` raises if the verdicts are others than the caption says."""
    from ms25_site.pictures import PICTURED, draw

    shown = dict(draw(tmp_path))
    assert set(shown) == PICTURED
    for name, text in shown.items():
        assert "good" in text
        assert "bad" in text
        if f"(../pictures/{name}.svg)" in text:
            assert "<svg" in (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
        else:
            assert text.startswith("| potential |")


def test_pictures_of_kept_results(tmp_path: Path) -> None:
    from ms25_site.kept import KEPT, draw_kept

    shown = dict(draw_kept(tmp_path))
    assert shown.keys() == KEPT.keys()
    for name, text in shown.items():
        assert f"(../pictures/{name}.svg)" in text
        assert "<svg" in (tmp_path / f"{name}.svg").read_text(encoding="utf-8")


def test_every_check_has_one_picture() -> None:
    from ms25_site.kept import KEPT
    from ms25_site.pictures import PICTURED

    assert sorted([*PICTURED, *KEPT]) == sorted(built_in())


class _Page(HTMLParser):
    """Addresses that a browser asks for by itself, links, and anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") in ("stylesheet", "preload", "icon"):
            self.asked.append(found["href"])
        elif "src" in found:
            self.asked.append(found["src"])


def test_no_page_asks_another_server(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 80
    outside = {
        address
        for page in pages
        for address in _Page(page.read_text(encoding="utf-8")).asked
        if re.match(r"(?:https?:)?//", address)
    }
    assert outside == set()
    styles = "".join(file.read_text(encoding="utf-8") for file in site.rglob("*.css"))
    assert re.findall(r"url\(['\"]?(?:https?:)?//", styles) == []


def test_every_link_within_the_site_leads_somewhere(site: Path) -> None:
    pages = {page: _Page(page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}
    dead = []
    for page, content in pages.items():
        for link in content.links:
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            known = pages.get(target)
            missing = known is not None and anchor and anchor not in known.anchors
            if not target.exists() or missing:
                dead.append(f"{page.relative_to(site)}: {link}")
    assert dead == []


def test_every_page_that_is_installed_has_the_address_that_the_suite_gives(site: Path) -> None:
    base = "https://docs.example.org"
    for file in installed_pages().values():
        page = file.relative_to(REPOSITORY).as_posix()
        assert (site / page_address(page, base).removeprefix(f"{base}/")).is_file(), page
    for criterion in built_in().values():
        address = page_address(criterion.explained_in, base)
        assert (site / address.removeprefix(f"{base}/")).is_file()


@pytest.mark.parametrize("notebook", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_runs(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("nbclient", *NEEDED.get(notebook.stem, ())):
        pytest.importorskip(package, reason='needs pip install "ms25-suite[docs,campaign,mtp]"')
    from ms25_site.notebooks import run_notebook

    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    cells = run_notebook(notebook)
    shown = "".join(
        output.get("text", "") for cell in cells.cells for output in cell.get("outputs", ())
    )
    expected = EXPECTED[notebook.stem]
    assert [words for words in expected if words not in shown] == []


NEEDED = {"reproduce-the-paper": ("motep", "parsl")}
"""What a notebook needs besides the suite."""

EXPECTED = {
    "judge-your-model": ("exit code 1", "fail: forces MAE of calc on test is "),
    "compare-three-potentials": ("fail: ", "heatmap.svg"),
    "gate-in-ci": ("exit code 0", "exit code 1", "since baseline", "worse"),
    "reproduce-the-paper": ("6 of 6 tasks are done", "figure-2.png", "figure-3-hea-forces.csv"),
    "write-a-criterion": ("ranking", "swapped pairs", "fail", "exit code 1"),
    "your-own-data": (
        "no labels. Expected REF_energy",
        "exit code 0",
        "lattice constant error of pairs",
    ),
}
"""What the text of a notebook says of its outputs."""
