"""How MACE's training script is started; whole trainings are in tests/integration."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ms25_suite.architectures.mace.launcher import _element_energies

pytestmark = [pytest.mark.mace, pytest.mark.slow]
pytest.importorskip("mace")

CODE = """
import sys
from pathlib import Path
from types import SimpleNamespace
import mace.cli.run_train
import mace.tools.checkpoint
from ms25_suite.architectures.mace import launcher

def train():
    import torch
    print(sys.argv[1:], mace.tools.checkpoint.CheckpointIO.save.__module__)
    io = SimpleNamespace(
        directory="checkpoints", keep=False, swa_start=None, old_path=None,
        _get_checkpoint_filename=lambda epochs, swa_start: f"model_epoch-{epochs}.pt",
    )
    save = mace.tools.checkpoint.CheckpointIO.save
    save(io, {"epoch": 1}, 1)
    save(io, {"epoch": 2}, 2)
    print(sorted(path.name for path in Path("checkpoints").iterdir()))
    real = torch.save
    def killed(obj, f):
        real(obj=obj, f=f)
        raise KeyboardInterrupt
    torch.save = killed
    try:
        save(io, {"epoch": 3}, 3)
    except KeyboardInterrupt:
        print(sorted(path.name for path in Path("checkpoints").iterdir()))

mace.cli.run_train.main = train
launcher.main()
"""


def test_options_and_checkpoints(tmp_path: Path) -> None:
    """In a process of its own: MACE changes global state."""
    command = [sys.executable, "-W", "ignore", "-c", CODE, "config.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    options, after_two, in_third = done.stdout.splitlines()[-3:]
    assert options == "['--config', 'config.json'] ms25_suite.architectures.mace.launcher"
    # The older checkpoint is removed once the newer one is complete, and not before.
    assert after_two == "['model_epoch-2.pt']"
    assert in_third == "['model_epoch-2.pt', 'model_epoch-3.pt.partial']"


def test_each_head_gets_energies_of_its_own() -> None:
    # Two heads of a model of O, Al and Cu: the new data hold O and Cu, the replayed ones all.
    asked = [[-1.0, -2.0, -3.0], [-10.0, 0.0, -30.0]]
    found = _element_energies(asked, [-1.0, -2.0, -3.0], [[8, 13, 29], [8, 29]], [8, 13, 29])
    # MACE gives aluminium no energy at all in the second: that of the foundation is better.
    assert found.tolist() == [[-1.0, -2.0, -3.0], [-10.0, -2.0, -30.0]]
    one = _element_energies([-10.0, 0.0, -30.0], [[-1.0, -2.0, -3.0]], [[8, 29]], [8, 13, 29])
    assert one.tolist() == [[-10.0, -2.0, -30.0]]
