"""Campaigns that are wrong, or whose tasks, workers or files are."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from filelock import FileLock

from ms25_suite.campaign import run as run_module
from ms25_suite.campaign.engines.workers import Workers
from ms25_suite.core.cache import release
from tests.helpers.campaigns import SLURM, Counted, Threads, campaign
from tests.plugin.bad_input.conftest import Outcome
from tests.plugin.bad_input.rows import row

Ms25 = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MS25_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def card(tmp_path: Path) -> str:
    """A campaign of one training and its judgement."""
    return campaign(tmp_path, sizes=[25], retries=0).spec


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "made.campaign")


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Tasks that only count themselves, on threads of this process, without a first look."""
    counted = Counted(tmp_path)
    monkeypatch.setattr(run_module, "ParslEngine", lambda *_: Threads())
    monkeypatch.setattr(Workers, "prepare", lambda *_: {})
    monkeypatch.setattr(Workers, "probe", lambda *_: {})
    monkeypatch.setattr(Workers, "task_command", lambda _, row: counted(row))
    monkeypatch.setattr("ms25_suite.campaign.answers.is_lost", lambda _: False)
    return counted


@row("campaign file that there is not, is no TOML, or has an unknown key")
def test_a_file_that_is_none(ms25: Ms25, tmp_path: Path) -> None:
    assert "Did you mean 'tour'?" in ms25("campaign", "plan", "tuor").text
    path = tmp_path / "c.toml"
    path.write_text("datasets = [")
    assert "cannot read the campaign" in ms25("campaign", "run", path).text
    path.write_text('extends = "tour"\nachitectures = ["mace"]')
    text = ms25("campaign", "plan", path).text
    assert "unknown key `achitectures`. Did you mean 'architectures'?" in text


@row("campaign of more training frames or sets than a dataset has")
def test_too_many_frames(ms25: Ms25, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('extends = "tour"\ndatasets = ["cha"]\nsizes = [25, 900]\nsets = [1, 7]')
    text = ms25("campaign", "run", path).text
    assert "cha has 200 training frames, asked for 900; cha has 3 sets, asked for set 7" in text
    assert not (tmp_path / "c.campaign").exists()


@row("campaign of an architecture, criterion or budget that there is not")
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('architectures = ["mcae"]', "Did you mean 'mace'?"),
        ('criteria = ["eoss"]', "Did you mean 'eos'?"),
        ('budgets = ["smok"]', "Did you mean 'smoke'?"),
    ],
)
def test_misspelled_names(ms25: Ms25, tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(f'extends = "tour"\ndatasets = ["cha"]\n{line}')
    assert message in ms25("campaign", "plan", path).text


@row("campaign without Parsl")
def test_without_parsl(ms25: Ms25, card: str, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "parsl", None)
    text = ms25("campaign", "run", card, "--folder", folder).text
    assert 'pip install "ms25-suite[campaign]"' in text
    assert "2 tasks" in ms25("campaign", "plan", card, "--folder", folder, code=0).text
    assert "2 waiting" in ms25("campaign", "status", card, "--folder", folder, code=0).text


@row("campaign on Slurm without `sbatch`, or with a partition that does not exist")
def test_slurm_that_refuses(
    ms25: Ms25, tmp_path: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = campaign(tmp_path, engine=SLURM.format(walltime="0:10:00")).spec
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    assert "there is no sbatch here" in ms25("campaign", "run", card, "--folder", folder).text
    # As the one of Slurm 22.05 does.
    sbatch = programs / "sbatch"
    sbatch.write_text(
        "#!/bin/sh\necho 'sbatch: error: invalid partition specified: gpu' >&2\nexit 1\n"
    )
    sbatch.chmod(0o755)
    text = ms25("campaign", "run", card, "--folder", folder).text
    assert "--partition=test" in text
    assert "invalid partition specified: gpu" in text


@row(
    "workers without the suite, with another version of it or of the package of an architecture, "
    "or without the same cache"
)
@pytest.mark.mtp
@pytest.mark.parametrize(
    ("status", "change", "said", "message"),
    [
        (1, None, "python: No module named ms25_suite", "has no ms25-suite"),
        (0, {"suite": "0.0.9"}, "", f"has ms25-suite 0.0.9, here it is {release()}"),
        (0, {"installed": {"mtp": {"motep": "9"}}}, "", "has other versions for mtp: motep 9"),
        (0, {"cache": False}, "", "does not see the cache"),
    ],
)
def test_other_workers(
    ms25: Ms25,
    card: str,
    folder: str,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    change: dict[str, object] | None,
    said: str,
    message: str,
) -> None:
    pytest.importorskip("motep")
    sent = []

    def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        sent.append(command)
        seen = {"suite": release(), "host": "n1", "cache": True, "gpus": [], "installed": {}}
        printed = "" if change is None else "ms25-probe " + json.dumps(seen | change)
        return subprocess.CompletedProcess(command, status, printed, said)

    monkeypatch.setattr(run_module, "ParslEngine", lambda *_: Threads(run))
    monkeypatch.setattr("ms25_suite.campaign.answers.is_lost", lambda _: False)
    assert message in ms25("campaign", "run", card, "--folder", folder).text
    assert len(sent) == 1


@row("architecture that is not installed, or whose environment cannot be made")
def test_a_broken_architecture(
    ms25: Ms25, tmp_path: Path, folder: str, commands: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "two.toml"
    path.write_text(
        'datasets = ["cha"]\narchitectures = ["ani", "mtp"]\nsizes = [25]\nretries = 0\n'
    )
    monkeypatch.setattr(Workers, "prepare", lambda *_: {"ani": "torchani is not installed"})
    text = ms25("campaign", "run", path, "--folder", folder).text
    assert "ani on 25 frames of cha (set 1, seed 0, smoke): torchani is not installed" in text
    assert "2 of 4 tasks are done, 2 in this run" in text


@row("task that fails, is killed, or ends without its result")
@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("echo 'No space left on device' >&2; exit 1", "No space left on device"),
        ("kill -9 $$", "killed by SIGKILL"),
        ("true", "left no result"),
    ],
)
def test_tasks_that_fail(
    ms25: Ms25,
    card: str,
    folder: str,
    commands: Counted,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    reason: str,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Workers, "task_command", lambda *_: ["sh", "-c", command])
        text = ms25("campaign", "run", card, "--folder", folder).text
    assert "failed: row 1, mtp on 25 frames of cha (set 1, seed 0, smoke): it" in text or (
        "failed: row 1" in text
    )
    assert reason in text
    assert reason in ms25("campaign", "status", card, "--folder", folder).text
    text = ms25("campaign", "retry", card, "--failed", "--folder", folder, code=0).text
    assert "2 of 2 tasks are done" in text


@row("task that needs one that failed")
def test_what_needs_a_failed_task(
    ms25: Ms25, card: str, folder: str, commands: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Workers, "task_command", lambda *_: ["false"])
    assert "1 tasks need one that failed" in ms25("campaign", "run", card, "--folder", folder).text
    text = ms25("campaign", "status", card, "--folder", folder).text
    assert "1 failed, 1 blocked" in text


@row("result of another version of the suite in the cache")
def test_another_version(
    ms25: Ms25, card: str, folder: str, commands: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("ms25_suite.__version__", "0.0.9")
        ms25("campaign", "run", card, "--folder", folder, code=0)
    text = ms25("campaign", "run", card, "--folder", folder, code=0).text
    assert "2 of 2 tasks are done, 2 in this run" in text
    assert set(commands.counts().values()) == {1}
    assert len(commands.counts()) == 4


@row("note of a result that is damaged, or whose model is gone")
def test_a_damaged_note(
    ms25: Ms25, card: str, folder: str, commands: Counted, tmp_path: Path
) -> None:
    ms25("campaign", "run", card, "--folder", folder, code=0)
    for key in commands.counts():
        note = tmp_path / "cache" / "campaign" / key[:2] / key / "done.json"
        note.write_bytes(note.read_bytes().replace(b"nothing", b"nothinh"))
    text = ms25("campaign", "run", card, "--folder", folder, code=0).text
    assert "2 of 2 tasks are done, 2 in this run" in text
    assert set(commands.counts().values()) == {2}


@row("folder of a campaign that is deleted, or cannot be written any more")
def test_a_folder_that_is_deleted(
    ms25: Ms25, card: str, folder: str, commands: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    ms25("campaign", "run", card, "--folder", folder, code=0)
    shutil.rmtree(folder)
    text = ms25("campaign", "run", card, "--folder", folder, code=0).text
    assert "2 of 2 tasks are done, 0 in this run" in text

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    commands.file.unlink()
    shutil.rmtree(Path(folder).parent / "cache" / "campaign")
    Counted(Path(folder).parent)
    monkeypatch.setattr("ms25_suite.campaign.journal.os.write", full)
    text = ms25("campaign", "run", card, "--folder", folder, code=0).text
    assert "cannot be written: No space left on device" in text


@row("campaign that another process runs")
def test_two_parents(
    ms25: Ms25, card: str, folder: str, commands: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    ms25("campaign", "run", card, "--folder", folder, code=0)
    monkeypatch.setattr(run_module, "_FOLLOW_S", 0.1)
    other = FileLock(Path(folder) / "lock", thread_local=False)
    other.acquire()
    ender = threading.Timer(0.5, other.release)
    ender.start()
    text = ms25("campaign", "run", card, "--folder", folder, code=0).text
    ender.join()
    assert "runs this campaign: following it" in text
