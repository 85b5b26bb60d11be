"""MACE's training script, started so that it is fast on a CPU and safe to kill.

Run as ``python -m ms25_suite.architectures.mace.launcher CONFIG``; ``CONFIG`` is a file of MACE's
options.

- TorchScript's CPU fuser is switched off: it compiles again for each shape of a batch, which costs
  more than it saves (20 frames, 5 epochs: 38 s with it and 22 s without, same result).
- A new checkpoint is complete before the older one is removed. MACE removes the older one first,
  so a kill at the wrong moment would lose the whole training.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any


def _save(self: Any, checkpoint: Any, epochs: int, keep_last: bool = False) -> None:
    """``mace.tools.checkpoint.CheckpointIO.save``, in an order that survives a kill."""
    import torch

    folder = Path(self.directory)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / self._get_checkpoint_filename(epochs, self.swa_start)
    # A rename is atomic: the file has either its old or its new content, whole.
    partial = path.with_name(path.name + ".partial")
    torch.save(obj=checkpoint, f=partial)
    partial.replace(path)
    old = Path(self.old_path) if self.old_path else None
    if old is not None and old != path and not self.keep and not keep_last:
        old.unlink(missing_ok=True)
    self.old_path = str(path)


def main() -> None:
    """Run ``mace_run_train`` with the configuration."""
    program, config = sys.argv
    sys.argv = [program, "--config", config]
    import torch

    torch._C._jit_set_texpr_fuser_enabled(False)
    from mace.cli.run_train import main as run_train
    from mace.tools.checkpoint import CheckpointIO

    CheckpointIO.save = _save
    run_train()


if __name__ == "__main__":
    main()
