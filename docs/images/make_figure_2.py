"""Makes ``figure-2.png``, the paper's Figure 2 of small models: run this file.

It draws what is kept in ``docs/results/paper-smoke``, and computes nothing.
"""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from pathlib import Path

from ms25_suite.campaign.paper import write_paper_report

HERE = Path(__file__).parent


def main() -> None:
    """Draw all figures, and keep one."""
    with tempfile.TemporaryDirectory() as folder:
        for file in sorted((HERE.parent / "results" / "paper-smoke").glob("*.tar.xz")):
            with tarfile.open(file) as archive:
                archive.extractall(folder, filter="data")
        found = sorted(Path(folder).glob("*/*.json"))
        report = Path(folder) / "report"
        write_paper_report(found, report, title="MS25 in small: stand-in data, small models")
        shutil.copyfile(report / "figures" / "figure-2.png", HERE / "figure-2.png")


if __name__ == "__main__":
    main()
