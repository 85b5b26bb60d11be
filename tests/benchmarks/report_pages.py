"""Measure how large reports are, and how soon Chromium can use them.

    python tests/benchmarks/report_pages.py reports/report.html merged/report.html

Each page is opened five times in a headless Chromium. The medians that are printed: until the first
text is on the screen, until everything is loaded, and to unfold all parts, of which the browser
draws what is on the screen.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

REPEATS: Final = 5
WIDTH: Final = 1400
HEIGHT: Final = 900

FIRST_TEXT = """() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN"""

LOADED = """() => performance.getEntriesByType("navigation")[0].loadEventEnd"""

UNFOLD = """() => new Promise((resolve) => {
  const start = performance.now();
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  // The second frame begins when the first is on the screen.
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - start)));
})"""


def measure(browser: Browser, path: Path) -> tuple[float, float, float]:
    """Seconds until the first text, until everything is loaded, and to unfold all parts."""
    times = []
    for _ in range(REPEATS):
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(path.resolve().as_uri(), wait_until="load")
        # The event has ended when other work is done.
        page.wait_for_timeout(100)
        times.append([page.evaluate(script) / 1000 for script in (FIRST_TEXT, LOADED, UNFOLD)])
        page.close()
    first, loaded, unfolded = (statistics.median(column) for column in zip(*times, strict=True))
    return first, loaded, unfolded


def main() -> None:
    """Print one line for each page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", type=Path, nargs="+")
    pages = parser.parse_args().pages
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for page in pages:
            first, loaded, unfolded = measure(browser, page)
            size = page.stat().st_size / 1e6
            print(
                f"{page}: {size:.2f} MB, first text {first:.2f} s, loaded {loaded:.2f} s, "
                f"all parts unfolded in {unfolded:.2f} s"
            )
        browser.close()


if __name__ == "__main__":
    main()
