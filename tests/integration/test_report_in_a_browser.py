"""The report in headless Chromium: contrast and names, filter, sort, structures, sizes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ms25_suite.core.findings import Finding
from ms25_suite.core.results import CheckResult, Verdict
from ms25_suite.report import write_report
from tests.helpers.details import eos_curve, eos_details
from tests.helpers.reports import ERROR, RUN, make_result, save_parity

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

CHROMIUM = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    "",
)
pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="there is no Chromium (apt-get install chromium)"
)

FRAME = (
    '2\nLattice="5 0 0 0 5 0 0 0 5" Properties=species:S:1:pos:R:3:reference_forces:R:3:'
    'predicted_forces:R:3 frame=17 pbc="T T T"\n'
    "Mg 0 0 0 0 0 0 0.1 0 0\nO 2.1 0 0 0 0 0 0 0.02 0\n"
)


WORST = -1.0 + 2.0 * 101 / 599 + 0.4
"""What is predicted for the last number of frame 17, in eV/Å."""

LIMITS = (-1.1, 1.1)
"""Ends of the axes: five per cent of the range beyond the numbers."""


def results(folder: Path) -> list[CheckResult]:
    worst = {"worst_frames": [{"frame": 17, "value": 88.8}], "per_element": {"Mg": 41.5, "O": 22.0}}
    finding = Finding("leakage", "3 frames are in both", "note").to_dict()
    bad = {"value": 90.0, "interval": (88.0, 92.0), "verdict": Verdict.FAIL}
    return [
        make_result(
            **bad,
            artifact=save_parity(
                folder,
                structures=FRAME,
                reference=np.linspace(-1.0, 1.0, 600),
                # The last number of frame 17 is wrong by 0.4 eV/Å.
                predicted=np.linspace(-1.0, 1.0, 600) + 0.4 * (np.arange(600) == 101),
                frame=np.repeat(np.arange(1, 101), 6),
            ),
            details={**worst, "findings": [finding]},
            stand_in=True,
        ),
        make_result(quantity="energy", unit="meV/atom", verdict=Verdict.UNDECIDED, value=2.5),
        make_result(quantity="stress", value=None, verdict=Verdict.SKIP, reason="no labels"),
        make_result(potential="b", value=4.0, dataset="hea", test_dataset="hea"),
        make_result(
            criterion="eos",
            quantity="volume",
            metric="error",
            unit="%",
            value=0.5,
            threshold=1.0,
            details=eos_details(eos_curve()),
        ),
        ERROR,
    ]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_api.sync_playwright() as playwright:
        options: dict[str, Any] = {"executable_path": CHROMIUM, "headless": True}
        # There may be neither a sandbox nor a GPU, as in a container.
        arguments = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
        found = playwright.chromium.launch(**options, args=arguments)
        yield found
        found.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    return write_report(folder, RUN, results(folder)).html


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(report.as_uri())
    yield page
    # Nothing was refused by the policy of the page, and no script failed.
    assert problems == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_axe_finds_nothing(browser: Browser, report: Path, scheme: str, width: int) -> None:
    # Without the policy of the page, axe can be run in it.
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    page.goto(report.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    found = axe.Axe().run(page)
    assert found.response["violations"] == [], found.generate_report()
    # No part of the page is wider than the screen: tables scroll by themselves.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_from_a_failing_number_to_the_structure_of_the_worst_frame(page: Page) -> None:
    page.click("table.overview td.v-fail a")
    page.click("tr[data-structures] button")
    page.wait_for_selector("dialog[open] canvas")
    assert page.inner_text("dialog h3") == "Frame 17: mace-β on mgo"
    assert "100 meV/Å" in page.inner_text("dialog .muted")
    with page.expect_download() as download:
        page.click("dialog a")
    assert download.value.suggested_filename == "frame-17.extxyz"
    assert Path(download.value.path()).read_text() == FRAME


PLOT = "figure[data-points] .plot"


def spot(page: Page, reference: float, predicted: float) -> dict[str, float]:
    """Place of a point of the only panel in the image, in pixels; the numbers are in eV/Å."""
    box = page.locator(f"{PLOT} img").bounding_box()
    assert box is not None
    left, bottom, width, height = 0.72 / 2.7, 0.48 / 2.82, 1.9 / 2.7, 1.9 / 2.82
    low, high = LIMITS
    x = left + width * (reference - low) / (high - low)
    y = 1 - bottom - height * (predicted - low) / (high - low)
    return {"x": x * box["width"], "y": y * box["height"]}


def test_a_point_names_its_frame_and_leads_to_its_structure(page: Page) -> None:
    page.click("text=unfold all")
    # Parts of the page are laid out when they come into sight, which moves the others. `hover` and
    # `click` of a locator wait until the image stands still; those of the mouse do not.
    image = page.locator(f"{PLOT} img")
    image.scroll_into_view_if_needed()
    label = page.locator(".point-label")
    sync_api.expect(label).to_be_hidden()
    image.hover(position=spot(page, WORST - 0.4, WORST))
    sync_api.expect(label).to_be_visible()
    assert label.inner_text().splitlines() == [
        "frame 17, forces",
        "reference −663 meV/Å",
        "predicted −263 meV/Å",
        "error +400 meV/Å",
        "click or Enter: structure",
    ]
    # Another frame has a name, and no structure.
    image.hover(position=spot(page, 0.0, 0.0))
    sync_api.expect(label).not_to_contain_text("structure")
    sync_api.expect(label).to_contain_text("frame")
    image.hover(position=spot(page, -0.5, 1.0))
    sync_api.expect(label).to_be_hidden()
    image.click(position=spot(page, WORST - 0.4, WORST))
    page.wait_for_selector("dialog[open] canvas")
    assert page.inner_text("dialog h3") == "Frame 17: mace-β on mgo"


def test_the_points_can_be_reached_by_the_keyboard(page: Page) -> None:
    page.click("text=unfold all")
    page.locator(PLOT).focus()
    page.keyboard.press("Home")
    first = page.inner_text(".point-label")
    assert first.startswith("frame 17, forces")
    page.keyboard.press("ArrowRight")
    assert page.inner_text(".point-label") != first
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open] canvas")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowLeft")
    # Round the corner: the last one is that with the smallest error.
    assert "error 0" in page.inner_text(".point-label")


def test_filter(page: Page) -> None:
    page.click("text=unfold all")
    rows = "#every-result tbody tr:visible"
    total = page.locator(rows).count()
    page.select_option(".tools select >> nth=0", "mace-β")
    fewer = page.locator(rows).count()
    assert 0 < fewer < total
    assert page.inner_text("[role=status]") == f"{fewer} of {total} results"
    page.locator("label", has_text="verdict").locator("select").select_option("fail")
    assert page.locator(rows).count() == 1


def test_sort(page: Page) -> None:
    page.click("text=unfold all")
    button = page.locator("#every-result th", has_text="value").locator("button")
    values = page.locator("#every-result tbody td:nth-child(5)")
    button.click()
    found = [float(text) for text in values.all_inner_texts() if text]
    assert found == sorted(found)
    assert len(found) == 4
    # What has no value is last in both directions.
    assert values.all_inner_texts()[-1] == ""
    button.click()
    assert values.all_inner_texts()[0].startswith("90")
    assert values.all_inner_texts()[-1] == ""


def test_without_scripts_it_says_the_same(browser: Browser, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    text = page.inner_text("body")
    assert "The worst number of each criterion" in text
    assert "90.0 meV/Å" in text
    assert page.locator(".tools").count() == 0
    context.close()
