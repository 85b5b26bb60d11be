"""The report of a whole study of the paper: 840 potentials, of 8 datasets, in under a minute.

Not part of the tests: run `make benchmark` on an idle machine with two cores. A browser opens each
page in less than three seconds, where chromium is installed.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from ms25_suite.campaign.paper import write_paper_report
from tests.helpers.campaign_results import write_campaign

LONGEST_S = 60.0
LONGEST_OPENING_S = 3.0

OTHERS = 50
"""Results of a training that no figure shows: about as many as a run with all criteria has."""


@dataclass(frozen=True)
class Written:
    """A report, and the wall time in seconds of writing it."""

    folder: Path
    wall_s: float


def cpu_seconds() -> float:
    """CPU time of this process, and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Written:
    base = tmp_path_factory.mktemp("paper")
    paths = write_campaign(base / "runs", sets=(1, 2, 3), padding=OTHERS)
    assert len(paths) == 840
    size = sum(path.stat().st_size for path in paths) / 1e6
    wall, cpu = time.perf_counter(), cpu_seconds()
    index = write_paper_report(paths, base / "report", title="840 potentials")
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    n_figures = len(list((base / "report" / "figures").glob("*.svg")))
    print(f"\n{size:.0f} MB of results, {n_figures} figures: {wall:.1f} s, {cpu:.1f} s of all CPUs")
    return Written(index.parent, wall)


def test_it_takes_less_than_a_minute(report: Written) -> None:
    assert report.wall_s < LONGEST_S


def test_a_browser_opens_each_page_at_once(report: Written, tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    blank = tmp_path / "blank.html"
    blank.write_text("<!DOCTYPE html><title>empty</title>")

    def seconds(page: Path) -> float:
        # The time of a second start: files of the browser itself are in memory then.
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
        found = []
        for _ in range(2):
            start = time.perf_counter()
            subprocess.run([*command, page.as_uri()], capture_output=True, check=True, timeout=60)
            found.append(time.perf_counter() - start)
        return min(found)

    start = seconds(blank)
    pages = sorted(report.folder.glob("*.html"))
    assert len(pages) == 4 + 8
    for page in pages:
        opening = seconds(page) - start
        print(f"{page.name}: {page.stat().st_size / 1e6:.1f} MB, {opening:.2f} s")
        assert opening < LONGEST_OPENING_S
