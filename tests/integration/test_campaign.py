"""Campaigns on the real engine, here and on a real Slurm, with everything that dies meanwhile."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ms25_suite.campaign.opening import open_campaign
from ms25_suite.campaign.run import run_campaign
from ms25_suite.core.errors import CampaignError
from tests.conftest import REPOSITORY
from tests.helpers.campaigns import SLURM, campaign
from tests.helpers.slurm import missing, running_slurm

pytest.importorskip("parsl")

SCRIPT = REPOSITORY / "tests" / "helpers" / "scripts" / "run_counted_campaign.py"

DIES_AT_TIMES = "[ $(($(od -An -N1 -tu1 /dev/urandom) % 10)) -eq 0 ] && kill -9 $$"
"""One in ten is killed."""

LONGEST_S = 150.0


class Run:
    """Runs a campaign of tasks that count themselves, in a process of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            **environment,
            "MS25_CACHE_DIR": str(folder / "cache"),
            "PYTHONPATH": str(REPOSITORY),
        }
        self.parents: list[subprocess.Popen[str]] = []

    def start(self, n_seeds: int, body: str, engine: str = "") -> subprocess.Popen[str]:
        arguments = [str(self.folder), str(n_seeds), "2", body, engine]
        with (self.folder / f"run-{len(self.parents)}.log").open("w") as log:
            parent = subprocess.Popen(
                [sys.executable, str(SCRIPT), *arguments],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self.parents.append(parent)
        return parent

    def said(self, number: int = -1) -> str:
        return sorted(self.folder.glob("run-*.log"))[number].read_text()

    def counted(self) -> list[str]:
        path = self.folder / "counted"
        return path.read_text().split() if path.exists() else []

    def wait_for(self, what: Callable[[], bool]) -> None:
        end = time.monotonic() + LONGEST_S
        while not what():
            assert time.monotonic() < end, self.said()
            time.sleep(0.1)

    def finish(
        self, parent: subprocess.Popen[str], total: int, patience_s: float = LONGEST_S
    ) -> None:
        """Wait for the end: all is done, and nothing was done twice."""
        assert parent.wait(patience_s) == 0, self.said()
        assert f"{total}/{total} in" in self.said()
        counted = self.counted()
        assert len(counted) == len(set(counted)) == total

    def processes(self) -> dict[int, str]:
        """Processes whose command line names the folder, but for the parents."""
        found = {}
        for path in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if str(self.folder) in words and str(SCRIPT) not in words:
                    found[int(path.name)] = words
        return found


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    found = Run(tmp_path, {})
    yield found
    _end(found)


def _end(run: Run) -> None:
    for parent in run.parents:
        if parent.poll() is None:
            parent.terminate()
            parent.wait()
    for pid in run.processes():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
def test_tasks_and_workers_that_die(run: Run) -> None:
    parent = run.start(15, DIES_AT_TIMES + "\nsleep 0.3")
    run.wait_for(lambda: len(run.counted()) > 4)
    # The process of Parsl that runs a command, and not the command.
    workers = [pid for pid, words in run.processes().items() if "spawn_main" in words]
    commands = [pid for pid, words in run.processes().items() if words.startswith("sh -c")]
    victims = workers or [_parent_of(pid) for pid in commands[:1]]
    for victim in victims[:1]:
        os.kill(victim, signal.SIGKILL)
    run.finish(parent, 30)


def _parent_of(pid: int) -> int:
    return int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.slow
def test_a_killed_parent(run: Run) -> None:
    parent = run.start(6, "sleep 1")
    run.wait_for(lambda: len(run.counted()) > 1)
    parent.kill()
    parent.wait()
    before = len(run.counted())
    assert before < 12
    run.finish(run.start(6, "sleep 1"), 12)
    # What is between parent and workers ends with the parent.
    assert not [words for words in run.processes().values() if "interchange" in words]


@pytest.mark.slow
def test_two_parents(run: Run) -> None:
    first = run.start(6, "sleep 2")
    run.wait_for(lambda: len(run.counted()) > 1)
    second = run.start(6, "sleep 2")
    run.wait_for(lambda: "runs this campaign: following it" in run.said())
    assert f"process {first.pid} on" in run.said()
    assert first.wait(LONGEST_S) == 0
    run.finish(second, 12)


@pytest.mark.slow
def test_a_parent_that_follows_goes_on(run: Run) -> None:
    first = run.start(6, "sleep 2")
    run.wait_for(lambda: len(run.counted()) > 1)
    second = run.start(6, "sleep 2")
    run.wait_for(lambda: "following it" in run.said())
    first.kill()
    run.finish(second, 12)
    assert "was killed: going on" in run.said()


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A Slurm of one node that runs as long as the tests of this module."""
    why = missing()
    if why:
        pytest.skip(why)
    with running_slurm(tmp_path_factory.mktemp("slurm")) as variables:
        yield variables


@pytest.fixture
def on_slurm(tmp_path: Path, slurm: dict[str, str]) -> Iterator[Run]:
    found = Run(tmp_path, slurm)
    yield found
    _end(found)
    subprocess.run(["scancel", "--user=root"], env=found.environment, check=False)


def _jobs(run: Run, states: str = "RUNNING") -> list[str]:
    command = ["squeue", "--noheader", "--format=%i", f"--states={states}"]
    done = subprocess.run(command, env=run.environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.slow
def test_on_slurm_with_everything_that_dies(on_slurm: Run) -> None:
    """A pilot job is cancelled, the parent is killed, and one in ten tasks dies."""
    run, engine = on_slurm, SLURM.format(walltime="0:10:00")
    body = DIES_AT_TIMES + "\nsleep 0.5"
    parent = run.start(20, body, engine)
    run.wait_for(lambda: len(run.counted()) > 3)
    subprocess.run(["scancel", *_jobs(run)], env=run.environment, check=True)
    before = len(run.counted())
    run.wait_for(lambda: len(run.counted()) > before + 4)
    parent.kill()
    parent.wait()
    assert len(run.counted()) < 40
    run.finish(run.start(20, body, engine), 40)
    # Its job ends with a campaign, and that of the killed parent soon after it.
    run.wait_for(lambda: not _jobs(run))


@pytest.mark.slow
def test_on_slurm_over_the_wall_time_of_a_job(on_slurm: Run) -> None:
    """Slurm ends a job within a minute after its wall time; the next one goes on."""
    run = on_slurm
    parent = run.start(50, "sleep 2", SLURM.format(walltime="0:00:30"))
    run.finish(parent, 100)


def _set_node(run: Run, state: str) -> None:
    node = socket.gethostname().partition(".")[0]
    command = ["scontrol", "update", f"NodeName={node}", f"State={state}", "Reason=test"]
    subprocess.run(command, env=run.environment, check=True)


@pytest.mark.slow
def test_on_slurm_with_a_drained_node(on_slurm: Run) -> None:
    """No new job starts until the node is back; the campaign waits."""
    run = on_slurm
    parent = run.start(10, "sleep 1", SLURM.format(walltime="0:10:00"))
    run.wait_for(lambda: len(run.counted()) > 2)
    jobs = _jobs(run)
    _set_node(run, "DRAIN")
    try:
        subprocess.run(["scancel", *jobs], env=run.environment, check=True)
        run.wait_for(lambda: not _jobs(run))
        # Longer than a group of workers may be silent: they are lost, and no job can start.
        time.sleep(15.0)
        before = len(run.counted())
        assert before < 20
        time.sleep(3.0)
        assert len(run.counted()) == before
        assert parent.poll() is None, run.said()
    finally:
        _set_node(run, "RESUME")
    run.finish(parent, 20)


@pytest.mark.slow
def test_on_slurm_with_a_node_that_fails(on_slurm: Run) -> None:
    """Slurm ends its job, and starts it again after two minutes: no fault of the tasks."""
    run = on_slurm
    parent = run.start(10, "sleep 1", SLURM.format(walltime="0:10:00"))
    run.wait_for(lambda: len(run.counted()) > 2)
    (job,) = _jobs(run)
    # The node reports to the controller soon, and is used again (ReturnToService).
    _set_node(run, "DOWN")
    run.wait_for(lambda: job not in _jobs(run))
    run.finish(parent, 20, 3 * LONGEST_S)


@pytest.mark.slow
def test_on_slurm_each_worker_has_a_gpu_of_its_own(on_slurm: Run) -> None:
    run, seen = on_slurm, on_slurm.folder / "seen"
    engine = SLURM.format(walltime="0:10:00") + "gpus = 2\n[resources.train]\ngpus = 1\n"
    body = f'echo "$PPID $CUDA_VISIBLE_DEVICES" >> {seen}; sleep 1'
    run.finish(run.start(4, body, engine), 8)
    # What is judged asks for no GPU, and its workers have none of their own.
    pairs = {tuple(line.split()) for line in seen.read_text().splitlines()}
    gpus = [gpu for _, *gpu in pairs if len(gpu) == 1]
    assert {gpu for (gpu,) in gpus} == {"0", "1"}


ARRAY = """
datasets = ["hea"]
architectures = ["ani"]
sizes = [25]
budgets = ["series"]
potentials = ["calc.py"]
criteria = ["error_thresholds"]

[engine.slurm]
partition = "test"
cores = 1
walltime = "0:20:00"
"""


@pytest.mark.slow
def test_as_arrays_of_jobs(on_slurm: Run) -> None:
    """No process waits; what fails is named, and the same two commands do the rest."""
    run = on_slurm
    card, calc = run.folder / "card.toml", run.folder / "calc.py"
    card.write_text(ARRAY)
    calc.write_text("raise RuntimeError('no such weights')\n")

    def ms25(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "ms25_suite", "campaign", *words],
            cwd=run.folder,
            env=run.environment,
            capture_output=True,
            text=True,
        )
        return done.stdout + done.stderr

    def submit() -> int:
        said = ms25("plan", "card.toml", "--array", "jobs")
        subprocess.run(["sh", "jobs/submit.sh"], cwd=run.folder, env=run.environment, check=True)
        end = time.monotonic() + 2 * LONGEST_S
        while _jobs(run, "RUNNING,PENDING,COMPLETING"):
            assert time.monotonic() < end, said
            time.sleep(0.5)
        return len((run.folder / "jobs" / "manifest.jsonl").read_text().splitlines())

    assert submit() == 3
    status = ms25("status", "card.toml")
    assert "2 done" in status
    assert "1 failed" in status
    assert "no such weights" in status
    lennard_jones = "from ase.calculators.lj import LennardJones\ncalculator = LennardJones()\n"
    calc.write_text(lennard_jones)
    assert submit() == 1
    assert "3 done" in ms25("status", "card.toml")


def test_a_partition_that_does_not_exist(
    tmp_path: Path, slurm: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_CONF", slurm["SLURM_CONF"])
    engine = SLURM.format(walltime="0:10:00").replace('"test"', '"gpuu"')
    opened = campaign(tmp_path, engine=engine)
    with pytest.raises(CampaignError, match=r"--partition=gpuu.*[Ii]nvalid partition"):
        run_campaign(opened, tmp_path / "made.campaign")


def test_without_sbatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    opened = campaign(tmp_path, engine=SLURM.format(walltime="0:10:00"))
    with pytest.raises(CampaignError, match="there is no sbatch here"):
        run_campaign(opened, tmp_path / "made.campaign")


@pytest.mark.slow
def test_a_job_without_the_suite(on_slurm: Run, tmp_path: Path) -> None:
    """The environment that `worker_init` names has Parsl only."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "sitecustomize.py").write_text(
        "import sys; sys.meta_path.insert(0, type('No', (), {'find_spec': staticmethod("
        "lambda name, *_: (_ for _ in ()).throw(ModuleNotFoundError("
        "f\"No module named {name!r}\")) if name == 'ms25_suite' else None)}))\n"
    )
    init = f"export PATH={Path(sys.executable).parent}:$PATH PYTHONPATH={bin_folder}"
    card = tmp_path / "card.toml"
    card.write_text(
        'extends = "tour"\n' + SLURM.format(walltime="0:10:00") + f'worker_init = "{init}"\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "ms25_suite", "campaign", "run", str(card)],
        cwd=tmp_path,
        env=on_slurm.environment,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
    )
    assert done.returncode == 1
    assert "the workers' environment has no ms25-suite" in done.stderr
    assert re.search("install version .* or name an environment", done.stderr)
    assert open_campaign(str(card)).card.engine.kind == "slurm"
