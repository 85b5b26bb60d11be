"""The first task on a worker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ms25_suite.campaign.engines.probe import check_probe, installed, probe
from ms25_suite.core.cache import release
from ms25_suite.core.errors import CampaignError

HERE: dict[str, dict[str, str] | str] = {"mtp": {"motep": "0.2.0"}, "mace": "not installed"}


def seen(**values: Any) -> str:
    found = {
        "suite": release(),
        "host": "n1",
        "cache": True,
        "gpus": [],
        "installed": {"mtp": {"motep": "0.2.0"}, "mace": "not installed"},
    }
    return "ms25-probe " + json.dumps(found | values) + "\n"


def test_a_worker_like_this_process(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("")
    here = installed(["mtp"])
    found = check_probe(0, "a warning\n" + probe(token, ["mtp"]), "", here, tmp_path)
    assert found["suite"] == release()


@pytest.mark.parametrize(
    ("status", "printed", "said", "message"),
    [
        (1, "", "/usr/bin/python: No module named ms25_suite", "has no ms25-suite"),
        (2, "", "argument command: invalid choice: 'campaign'", "another version of ms25-suite"),
        (127, "", "env: python: No such file or directory", r"status 127.*No such file"),
        (0, "", "", "it said nothing"),
        (0, seen(suite="0.0.1"), "", r"on n1 has ms25-suite 0\.0\.1, here it is"),
        (0, seen(cache=False), "", r"does not see the cache .*MS25_CACHE_DIR"),
        (
            0,
            seen(installed={"mtp": {"motep": "0.1.0"}}),
            "",
            r"other versions for mtp: motep 0\.1\.0 \(here 0\.2\.0\)",
        ),
    ],
)
def test_workers_that_are_refused(status: int, printed: str, said: str, message: str) -> None:
    with pytest.raises(CampaignError, match=message):
        check_probe(status, printed, said, HERE, Path("/cache"))


def test_an_architecture_that_only_this_machine_lacks_is_no_reason() -> None:
    text = seen(installed={"mtp": "broken there", "mace": {"mace-torch": "1"}})
    assert check_probe(0, text, "", HERE, Path())["installed"]["mtp"] == "broken there"
