"""Job arrays, for sites where no process may wait."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from ms25_suite.campaign.engines import array as module
from ms25_suite.campaign.engines.array import write_array
from ms25_suite.campaign.opening import OpenedCampaign
from ms25_suite.campaign.row import Row
from ms25_suite.campaign.rows import campaign_rows, open_datasets
from tests.helpers.campaigns import campaign

ENGINE = """
[resources.train]
cores = 4
memory_gb = 1.5
walltime_by_size = { 50 = "1:00:00" }

[engine.slurm]
partition = "gpu"
account = "me"
cores = 8
gpus = 2
walltime = "3:00:00"
worker_init = "module load cuda"
options = ["--mail-type=FAIL"]
"""


@pytest.fixture
def made(tmp_path: Path) -> tuple[OpenedCampaign, list[Row]]:
    opened = campaign(tmp_path, sizes=(25, 50, 100), engine=ENGINE)
    return opened, campaign_rows(opened.card, open_datasets(opened.card))


def test_scripts(made: tuple[OpenedCampaign, list[Row]], tmp_path: Path) -> None:
    opened, rows = made
    place, folder = tmp_path / "jobs", tmp_path / "made.campaign"
    write_array(opened, rows, {rows[0].key}, place, folder)
    manifest = [json.loads(line) for line in (place / "manifest.jsonl").read_text().splitlines()]
    assert [one["key"] for one in manifest] == [row.key for row in rows[1:]]
    lines = (place / "train.sbatch").read_text().splitlines()
    assert lines[0] == "#!/bin/bash"
    options = {line.removeprefix("#SBATCH ") for line in lines if line.startswith("#SBATCH")}
    # The longest of those that are left: 100 frames are done.
    assert {"--time=1:00:00", "--cpus-per-task=4", "--mem=1536M", "--gpus-per-task=1"} <= options
    assert {"--partition=gpu", "--account=me", "--mail-type=FAIL"} <= options
    assert "module load cuda" in lines
    judge = (place / "judge.sbatch").read_text()
    assert "--time=3:00:00" in judge
    for script in place.glob("*.s*"):
        subprocess.run(["bash", "-n", str(script)], check=True)


def test_each_element_is_a_task(
    made: tuple[OpenedCampaign, list[Row]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Submitted by an `sbatch` that runs the elements of each array one after another."""
    opened, rows = made
    monkeypatch.setattr(module, "MOST_ELEMENTS", 2)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python").write_text('#!/bin/sh\necho "$@" >> "$CALLED"\n')
    (programs / "sbatch").write_text(SBATCH)
    (programs / "module").write_text("#!/bin/sh\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    script = write_array(opened, rows, set(), tmp_path / "jobs", tmp_path / "made.campaign")
    called, sent = tmp_path / "called", tmp_path / "sent"
    path = f"{programs}:{os.environ['PATH']}"
    variables = {"PATH": path, "CALLED": str(called), "SENT": str(sent)}
    subprocess.run(["sh", str(script)], env={**os.environ, **variables}, check=True)
    words = [line.split() for line in called.read_text().splitlines()]
    tail = ["--folder", str(tmp_path / "made.campaign")]
    assert words == [
        ["-P", "-m", "ms25_suite", "campaign", "task", opened.spec, row.key, *tail] for row in rows
    ]
    # Two arrays of two and one trainings; what is judged waits for both.
    arrays = sent.read_text().splitlines()
    assert arrays[0].startswith("--parsable --array=0-1")
    assert arrays[2].startswith("--parsable --dependency=afterany:101:102 --array=0-1")


SBATCH = """#!/bin/sh
echo "$@" >> "$SENT"
for word; do
  case $word in
    --array=*) last=${word##*-} ;;
    *.sbatch) script=$word ;;
    --*) ;;
    *) first=$word ;;
  esac
done
for index in $(seq 0 "$last"); do
  SLURM_ARRAY_TASK_ID=$index bash "$script" "$first" >&2
done
echo $((100 + $(wc -l < "$SENT")))
"""
