"""The parts of `ms25_suite.architectures.nequip.callback`, one by one.

Run in the environment of nequip: ``nequip_callback.py ISOLATED OUT``.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace


def main() -> None:
    isolated, out = sys.argv[1:]
    runpy.run_path(isolated)["install"]()
    import torch

    from ms25_suite.architectures.nequip.callback import (
        EpochRecorder,
        NotANumberError,
        PartialMeanSquaredError,
    )

    metric = PartialMeanSquaredError()
    found: dict[str, object] = {"without labels": float(metric.compute())}
    metric.update(torch.tensor([1.0, 2.0]), torch.zeros(2))
    found["with labels"] = float(metric.compute())

    recorder = EpochRecorder(Path("results.jsonl"), Path(), before=4)
    state = {"best_loss": 0.5, "best_epoch": 3, "seen": 0.7}
    recorder.load_state_dict(state)
    found["recorder"] = recorder.state_dict()
    try:
        trainer = SimpleNamespace(current_epoch=1)
        recorder.on_train_batch_end(trainer, None, {"loss": torch.tensor(float("nan"))}, None, 0)
    except NotANumberError as error:
        found["error"] = str(error)
    Path(out).write_text(json.dumps(found))


main()
