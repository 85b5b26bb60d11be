from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ms25_suite.core.errors import DatasetError
from ms25_suite.datasets.published.remote.download import SUMS, download
from ms25_suite.datasets.published.remote.resume import patience_s
from tests.helpers.record_server import Server


def get(server: Server, folder: Path | None = None) -> tuple[Path, ...]:
    return download(server.url, folder, pause=0.0)


def test_a_connection_that_breaks_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    server.break_after = [300_000, 250_000]
    files = get(server, tmp_path / "x")
    assert files[0].read_bytes() == server.content["MS25 data.zip"]
    ranges = [entry.partition("bytes=")[2] for entry in server.requests if "zip" in entry]
    assert len(ranges) == 3
    assert ranges[0] == ""
    offsets = [int(entry.rstrip("-")) for entry in ranges[1:]]
    assert 200_000 < offsets[0] <= 300_000 < offsets[1] <= 550_000


def test_a_later_run_goes_on(server: Server, tmp_path: Path) -> None:
    server.break_after = [100_000, 100_000, 100_000]
    with pytest.raises(DatasetError, match=r"broke off 3 times.*0\.3 of 0\.7 MB.*again to go on"):
        get(server, tmp_path / "x")
    assert not (tmp_path / "x" / "MS25 data.zip").exists()
    server.requests.clear()
    files = get(server, tmp_path / "x")
    assert files[0].read_bytes() == server.content["MS25 data.zip"]
    (offset,) = re.findall(r"bytes=(\d+)-", server.requests[1])
    assert 200_000 < int(offset) <= 300_000
    names = [*(path.name for path in files), SUMS]
    assert sorted(path.name for path in (tmp_path / "x").iterdir()) == sorted(names)


def test_a_server_that_cannot_go_on_sends_all(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    server.break_after = [300_000]
    files = get(server, tmp_path / "x")
    assert files[0].read_bytes() == server.content["MS25 data.zip"]


def test_half_a_file_of_another_version_is_not_continued(server: Server, tmp_path: Path) -> None:
    server.break_after = [100_000] * 3
    with pytest.raises(DatasetError, match="broke off"):
        get(server, tmp_path / "x")
    server.content["MS25 data.zip"] = np.random.default_rng(1).bytes(700_000)
    files = get(server, tmp_path / "x")
    assert files[0].read_bytes() == server.content["MS25 data.zip"]


@pytest.mark.parametrize(
    ("attempt", "pause", "stated", "expected"),
    [(1, 2.0, "", 2.0), (2, 2.0, "", 4.0), (1, 2.0, "30", 30.0), (1, 2.0, "86400", 60.0)],
)
def test_a_server_says_how_long_to_wait(
    attempt: int, pause: float, stated: str, expected: float
) -> None:
    answer = SimpleNamespace(headers={"Retry-After": stated} if stated else {})
    assert patience_s(attempt, pause, answer) == expected
    assert patience_s(attempt, pause, None) == pause * attempt
