"""Makes ``report.png``, the first screen of a report: run this file.

It trains an MTP and an ANI on 25 frames each (minutes on two cores), and judges them beside a
baseline without a model. Needs ``ms25-suite[ani,mtp]``, playwright, and Chromium of the system.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

POTENTIALS = (
    "train:mtp:n=25,budget=series",
    "train:ani:n=25,budget=series",
    "baseline:mean",
)


def main() -> None:
    """Judge, open the report, and take its picture."""
    picture = Path(__file__).with_name("report.png")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "ms25_suite", "--dataset=hea", "--workers=2"]
        command += [f"--mlip={name}" for name in POTENTIALS]
        command.append(f"--ms25-report-dir={folder}")
        # Some of them fail, and that is what the picture shows.
        subprocess.run(command, check=False)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            page.goto((Path(folder) / "report.html").as_uri())
            page.screenshot(path=picture)
            browser.close()


if __name__ == "__main__":
    main()
