"""A real Slurm of one node on this machine. Needs the Debian package slurm-wlm, and root."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PARTITION = "test"

PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "scancel", "squeue", "scontrol")

GPUS = 2
"""The node says that it has so many GPUs, which are none: only who gets which is tested."""

CONFIGURATION = """
ClusterName=ms25test
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CryptoType=crypto/munge
SlurmUser=root
SlurmdUser=root
SlurmctldPort={port}
SlurmdPort={port_d}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MpiDefault=none
ReturnToService=2
InactiveLimit=0
KillWait=2
MinJobAge=300
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} Gres=gpu:{gpus} State=UNKNOWN
PartitionName=test Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """Why there can be no Slurm here; empty if there can."""
    if os.geteuid() != 0:
        return "Slurm is started by root only"
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"not installed: {', '.join(lacking)} (apt-get install slurm-wlm)" if lacking else ""


@contextmanager
def running_slurm(folder: Path, cores: int = 2) -> Iterator[dict[str, str]]:
    """Start Slurm, with all its state in a folder; the variables of the environment to use it."""
    for name in ("state", "spool", "log", "munge"):
        (folder / name).mkdir(parents=True)
    munge = folder / "munge"
    munge.chmod(0o700)
    key = munge / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o400)
    places = {"socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    options = [f"--{option}={munge / name}" for option, name in places.items()]
    subprocess.run(["munged", f"--key-file={key}", *options, "--force"], check=True)
    host = socket.gethostname().partition(".")[0]
    ports = {"port": _free_port(), "port_d": _free_port()}
    configuration = CONFIGURATION.format(host=host, folder=folder, cores=cores, gpus=GPUS, **ports)
    (folder / "slurm.conf").write_text(configuration)
    for index in range(GPUS):
        (folder / f"gpu{index}").touch()
    (folder / "gres.conf").write_text(f"Name=gpu File={folder}/gpu[0-{GPUS - 1}]\n")
    variables = {"SLURM_CONF": str(folder / "slurm.conf")}
    env = {**os.environ, **variables}
    try:
        subprocess.run(["slurmctld", "-i"], env=env, check=True)
        subprocess.run(["slurmd"], env=env, check=True)
        _wait_for_the_node(env)
        yield variables
    finally:
        subprocess.run(["scancel", "--user=root"], env=env, check=False)
        for pid_file in ("slurmd.pid", "slurmctld.pid", "munge/pid"):
            with suppress(OSError, ValueError):
                os.kill(int((folder / pid_file).read_text()), signal.SIGTERM)


def _wait_for_the_node(env: dict[str, str]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        command = ["sinfo", "--noheader", "--format=%T"]
        said = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if "idle" in said.stdout:
            return
        time.sleep(0.2)
    raise TimeoutError("the node of Slurm does not come up")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
