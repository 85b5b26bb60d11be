"""A pair style of LAMMPS inside of this process: the same plan by another road."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ms25_suite.lammps.box import Box
from ms25_suite.lammps.executable.input import Interaction
from ms25_suite.lammps.instance import SILENT


class PairStyleRoute:
    """As a `ms25_suite.lammps.run.Route`; its commands find no file but by an absolute path."""

    neighbour_s = math.nan
    failure: BaseException | None = None
    has_stress = True

    def __init__(self, given: Interaction) -> None:
        self.name = given.name
        self.newton = given.newton
        self.arguments: Sequence[str] = (*SILENT, *given.arguments)
        self.model_s = math.nan
        self._given = given

    def attach(self, lammps: Any, box: Box, skin: float) -> None:
        del skin
        assert self._given.elements in (None, box.elements)
        for command in self._given.commands:
            lammps.command(command)
        self.has_stress = box.has_stress

    def before_setup(self) -> None:
        pass
