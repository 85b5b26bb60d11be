"""Figures as files of their own."""

from __future__ import annotations

from pathlib import Path

from ms25_suite.report import write_report
from tests.helpers.reports import RUN, make_result, save_parity


def test_each_figure_of_the_page_is_a_file_too(tmp_path: Path) -> None:
    result = make_result(artifact=save_parity(tmp_path))
    write_report(tmp_path, RUN, [result])
    assert not (tmp_path / "figures").exists()
    write_report(tmp_path, RUN, [result], figures=True)
    names = {path.stem for path in (tmp_path / "figures").iterdir()}
    assert names == {"heatmap", "parity-error_thresholds-mace-β-mgo", "training-mace-β"}
    starts = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
    for name in names:
        for suffix, start in starts.items():
            assert (tmp_path / "figures" / f"{name}.{suffix}").read_bytes().startswith(start)
