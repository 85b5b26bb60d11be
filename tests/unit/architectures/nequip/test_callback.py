"""Parts of a training that run inside the nequip framework, in its environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ms25_suite.environments.installation import Installation
from tests.helpers.tiny_nequip import run_script

pytestmark = [pytest.mark.nequip, pytest.mark.slow]


def test_labels_that_not_every_batch_has(nequip_place: Installation, tmp_path: Path) -> None:
    """A batch without a label has the error 0, not NaN; the recorder continues where it was."""
    out = tmp_path / "out.json"
    run_script(nequip_place, "nequip_callback.py", str(out))
    found = json.loads(out.read_text())
    assert found["without labels"] == 0.0
    assert found["with labels"] == pytest.approx(2.5)
    assert found["recorder"] == {"best_loss": 0.5, "best_epoch": 3, "seen": 0.7}
    assert found["error"] == (
        "the training loss is nan in epoch 6; the best model so far is of epoch 3. A lower "
        "learning rate, or removing frames with extreme forces, usually helps"
    )
