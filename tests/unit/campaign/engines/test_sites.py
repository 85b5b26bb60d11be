"""Workers on this machine and on Slurm."""

from __future__ import annotations

import pytest

from ms25_suite.campaign.card import Local, Resources, Slurm
from ms25_suite.campaign.engines import sites as module
from ms25_suite.campaign.engines.sites import local_workers, python_of
from ms25_suite.core.errors import CampaignError

ONE = (Resources(),)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(module, "available_cores", lambda: 8)
    monkeypatch.setattr(module, "visible_gpus", lambda: ())
    return monkeypatch


def test_as_many_workers_as_cores(machine: pytest.MonkeyPatch) -> None:
    assert local_workers(None, ONE) == (8, [])
    assert local_workers(None, (Resources(), Resources(cores=3))) == (2, [])
    assert local_workers(None, (Resources(cores=16),)) == (1, [])
    assert local_workers(Local(workers=5), ONE) == (5, [])


def test_one_gpu_for_each_worker(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(module, "visible_gpus", lambda: ("2", "3"))
    assert local_workers(None, ONE) == (2, ["2", "3"])
    assert local_workers(Local(gpu_share=2), ONE) == (4, ["2", "2", "3", "3"])
    assert local_workers(Local(workers=1), ONE) == (1, ["2"])
    assert local_workers(None, (Resources(gpus=0),)) == (8, [])


def test_slurm_has_a_worker_for_each_gpu() -> None:
    pytest.importorskip("parsl")
    card = Slurm(cores=32, walltime="1:00:00", gpus=4, gpu_share=2, memory_gb=200, address="n0")
    train = module.slurm("train", card, Resources(cores=4, memory_gb=20))
    assert train.available_accelerators == [*"00112233"]
    assert train.workers_per_node == 8
    assert train.provider.gpus_per_node == 4
    assert train.provider.walltime == "1:00:00"
    judge = module.slurm("judge", card, Resources(cores=2, gpus=0))
    assert judge.available_accelerators == []
    assert judge.workers_per_node == 16
    assert judge.provider.gpus_per_node is None
    # What is between parent and workers is guarded.
    assert "guard.py" in " ".join(train.interchange_launch_cmd)


def test_a_task_that_does_not_fit_on_a_node() -> None:
    pytest.importorskip("parsl")
    with pytest.raises(CampaignError, match=r"`resources\.train`: a task needs 8 cores, and .* 4"):
        module.slurm("train", Slurm(cores=4, walltime="1:00:00"), Resources(cores=8))


def test_the_workers_have_a_python_of_their_own_where_one_is_named() -> None:
    plain = Slurm(cores=1, walltime="1:00:00")
    own = Slurm(cores=1, walltime="1:00:00", worker_init="module load python")
    assert python_of(None) == python_of(plain) != "python"
    assert python_of(own) == "python"
