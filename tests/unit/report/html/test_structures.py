"""Structures of the worst frames in the page."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
from pathlib import Path

import pytest

from ms25_suite.report import write_report
from ms25_suite.report.html import structures as module
from ms25_suite.report.html.structures import Structures
from tests.helpers.reports import RUN, make_result, save_parity

FRAME = '1\nProperties=species:S:1:pos:R:3 note="</script><b>" pbc="F F F"\nHe 0 0 0\n'


def held(page: str) -> list[str]:
    (text,) = re.findall(r'id="structures">([^<]*)</script>', page)
    found: list[str] = json.loads(gzip.decompress(base64.b64decode(text)))
    return found


def test_the_page_holds_them_and_links_to_each(tmp_path: Path) -> None:
    artifact = save_parity(tmp_path, structures=2 * FRAME)
    worst = [{"frame": frame, "value": 9.0} for frame in (7, 3, 5)]
    result = make_result(artifact=artifact, details={"worst_frames": worst})
    page = write_report(tmp_path, RUN, [result]).html.read_text("utf-8")
    assert held(page) == [2 * FRAME]
    # The third frame was not kept.
    rows = re.findall(r'data-structures="(\d)" data-place="(\d)"', page)
    assert rows == [("0", "0"), ("0", "1")]
    # The viewer is compressed, and may be run; its licence can be read.
    (code,) = re.findall(r'id="viewer">([^<]*)</script>', page)
    viewer = json.loads(gzip.decompress(base64.b64decode(code)))
    assert "3Dmol" in viewer
    digest = base64.b64encode(hashlib.sha256(viewer.encode()).digest()).decode()
    assert page.count("sha256-") == 2
    assert f"'sha256-{digest}'" in html.unescape(page)
    assert "Copyright (c) 2014, University of Pittsburgh" in page


def test_without_structures_there_is_no_viewer(tmp_path: Path) -> None:
    result = make_result(artifact=save_parity(tmp_path))
    page = write_report(tmp_path, RUN, [result]).html.read_text("utf-8")
    assert 'id="viewer"' not in page
    assert "University of Pittsburgh" not in page
    assert 'id="structures"' not in page


def test_a_page_is_not_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_CHARACTERS", 2 * len(FRAME))
    found = Structures()
    assert [found.add(FRAME), found.add(FRAME), found.add(FRAME)] == [(0, 1), (1, 1), (0, 0)]
    assert found.n_left_out == 1
    assert found.add("") == (0, 0)
