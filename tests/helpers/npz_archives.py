"""NumPy archives in the layout of Si-ZEO22."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def arrays(n: int = 6) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "symbols": np.array(["Si", "O", "O"]),
        "positions": rng.uniform(0, 8, (n, 3, 3)).astype(np.float32),
        "cells": np.broadcast_to(np.eye(3) * 8.0, (n, 3, 3)).astype(np.float32),
        "energies": rng.normal(-20, 1, n).astype(np.float32),
        "forces": rng.normal(0, 1, (n, 3, 3)).astype(np.float32),
    }


def npz(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "x.npz"
    content = arrays() | changes
    np.savez(path, **{key: value for key, value in content.items() if value is not None})
    return path
