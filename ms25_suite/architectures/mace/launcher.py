"""MACE's training script, started so that it is fast on a CPU and safe to kill.

Run as ``python -m ms25_suite.architectures.mace.launcher CONFIG``; ``CONFIG`` is a file of MACE's
options.

- TorchScript's CPU fuser is switched off: it compiles again for each shape of a batch, which costs
  more than it saves (20 frames, 5 epochs: 38 s with it and 22 s without, same result).
- A foundation to start from gets the floating-point type of the training: MACE estimates the
  energies of the elements with it, which fails for two types.
- A fine-tuned model gets the energies of the elements that were asked for. MACE overwrites them
  with those of the foundation wherever both models have the same elements and heads, and gives an
  element that the new data lack an energy of zero where they have not.
- A new checkpoint is complete before the older one is removed. MACE removes the older one first,
  so a kill at the wrong moment would lose the whole training.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
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


def _element_energies(
    asked_for: Any, foundation: Any, elements: Sequence[Sequence[int]], known: Sequence[int]
) -> Any:
    """Energies of the elements of a fine-tuned model, in eV, shape ``(n_heads, n_elements)``.

    Parameters
    ----------
    asked_for
        Those that MACE was told or has estimated, of the same shape.
    foundation
        Those of the foundation, shape ``(n_elements,)``: for an element that the data of a head
        lack, no better one is known.
    elements
        Atomic numbers in the data of each head.
    known
        Atomic numbers of the model, in its order.
    """
    import numpy as np

    there = np.array([[z in head for z in known] for head in elements])
    return np.where(there, np.atleast_2d(asked_for), np.reshape(foundation, (1, -1)))


def _keep_element_energies(run_train: Any) -> None:
    """Wrap ``configure_model`` of ``mace.cli.run_train``."""
    import torch

    original = run_train.configure_model

    def configure(
        args: Any, loader: Any, energies: Any, foundation: Any, heads: Any, table: Any, configs: Any
    ) -> Any:
        model, outputs = original(args, loader, energies, foundation, heads, table, configs)
        if foundation is not None:
            of_head = {config.head_name: config.z_table.zs for config in configs}
            wanted = _element_energies(
                energies,
                foundation.atomic_energies_fn.atomic_energies.detach().cpu().numpy(),
                [of_head[head] for head in heads],
                [int(z) for z in model.atomic_numbers],
            )
            kept = model.atomic_energies_fn.atomic_energies
            with torch.no_grad():
                kept.copy_(torch.as_tensor(wanted, dtype=kept.dtype).reshape(kept.shape))
        return model, outputs

    run_train.configure_model = configure


def _convert_foundation(config: Mapping[str, Any]) -> None:
    """Write the foundation with the floating-point type of the training, in its place."""
    import mace.modules.models  # noqa: F401  (the pickle needs it)
    import torch

    path = Path(config["foundation_model"])
    model = torch.load(path, map_location="cpu", weights_only=False)
    partial = path.with_name(path.name + ".partial")
    torch.save(model.to(getattr(torch, config["default_dtype"])), partial)
    partial.replace(path)


def main() -> None:
    """Run ``mace_run_train`` with the configuration."""
    program, config = sys.argv
    sys.argv = [program, "--config", config]
    import torch

    torch._C._jit_set_texpr_fuser_enabled(False)
    from mace.cli import run_train
    from mace.tools.checkpoint import CheckpointIO

    options = json.loads(Path(config).read_text(encoding="utf-8"))
    if "foundation_model" in options:
        _convert_foundation(options)
    CheckpointIO.save = _save
    _keep_element_energies(run_train)
    run_train.main()


if __name__ == "__main__":
    main()
