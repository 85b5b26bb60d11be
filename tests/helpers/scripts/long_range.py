"""A MACE model with an energy beyond its cutoff, as those with long-range electrostatics have."""

from __future__ import annotations

from typing import Any

from mace.modules import ScaleShiftMACE


class LongRange(ScaleShiftMACE):
    def forward(self, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        output = super().forward(data, **options)
        output["energy"] = output["energy"] + data["positions"].pow(2).sum()
        return output
