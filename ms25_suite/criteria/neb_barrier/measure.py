"""A potential on the reference's path of a reaction: its own band, and the barrier along it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from ase.data import chemical_symbols

from ms25_suite.core.errors import NotApplicableError
from ms25_suite.core.frames import Frames
from ms25_suite.criteria.neb_barrier.details import (
    KEY,
    NebDetails,
    NebReferenceDetails,
    PlainBandDetails,
)
from ms25_suite.criteria.recorder import CheckRecorder
from ms25_suite.datasets.dataset import Dataset
from ms25_suite.datasets.observables.neb import NebReference
from ms25_suite.metrics.neb import (
    FMAX,
    Band,
    Ends,
    relax_band,
    relax_ends,
)
from ms25_suite.metrics.reaction_path import interpolated, path_lengths
from ms25_suite.potentials.potential import Potential

__all__ = ["NebResult", "measure_neb"]

MOST_MOVED: Final = 0.5
"""How far an atom may go in Å while an end is relaxed. Neighbouring states of the shipped path
differ by 0.5 Å in the length of the bond that breaks (1.09 and 1.58 Å); an error of the minimum
itself is far below that: a bond length that is wrong by 5 % moves an atom by 0.1 Å."""


_UNCONVERGED: Final = "of a band that is not converged"


@dataclass(frozen=True, slots=True, eq=False)
class NebResult:
    """Path of a reaction as the potential relaxes it.

    Parameters
    ----------
    reference
        The reference's path.
    start
        The images that the band started from, before the ends were relaxed.
    ends
        The relaxed ends.
    plain
        The band without climbing, as the paper takes it; None if an end left its minimum.
    climbed
        The band whose highest image climbed from there; None without climbing, or if the plain one
        broke off.
    duration_s
        Wall time in seconds.
    """

    reference: NebReference
    start: Frames
    ends: Ends
    plain: Band | None
    climbed: Band | None
    duration_s: float

    @property
    def band(self) -> Band | None:
        """The band that is judged."""
        return self.plain if self.climbed is None else self.climbed

    def record(self, recorder: CheckRecorder) -> None:
        """Record the error of the barrier, or that none was found.

        An unconverged band fails; its highest energy is recorded without a verdict.
        """
        shared: dict[str, Any] = {"n_frames": len(self.start)}
        fields = shared | {"duration_s": self.duration_s, "details": self._details()}
        band = self.band
        if band is None:
            recorder.fail("barrier", self._left(), **fields)
            return
        problem = self._problem(band)
        if problem:
            recorder.fail("barrier", problem, **fields)
        else:
            recorder.judge(
                "barrier",
                # Forward barrier, E(saddle) - E(initial), as in the paper's Figure 5b.
                value=abs(band.barrier - self.reference.barrier),
                reason=f"{band.barrier:.3f} eV, the reference has {self.reference.barrier:.3f}; "
                f"{self._steps(band)}",
                conditions={"image": "fixed" if self.climbed is None else "climbing"},
                **fields,
            )
        shared["unit"] = recorder.unit("barrier")
        recorder.measure(
            "barrier",
            metric="measurement",
            value=band.barrier,
            reason=_UNCONVERGED if problem else "",
            **shared,
        )
        if self.plain is not None and self.climbed is not None:
            done = self.plain.converged and self.ends.relaxation.converged
            recorder.measure(
                "barrier_without_climbing",
                metric="measurement",
                value=self.plain.barrier,
                reason=f"converged in {self.plain.steps} steps" if done else _UNCONVERGED,
                **shared,
            )
        if self.reference.reaction_energy is not None:
            recorder.measure(
                "reaction_energy",
                metric="error",
                value=abs(band.reaction_energy - self.reference.reaction_energy),
                reason=f"{band.reaction_energy:.3f} eV, the reference has "
                f"{self.reference.reaction_energy:.3f}",
                **shared,
            )

    def _steps(self, band: Band) -> str:
        if self.climbed is None or self.plain is None:
            return f"converged in {band.steps} steps without climbing"
        return f"converged in {band.steps} steps of climbing after {self.plain.steps} without"

    def _left(self) -> str:
        end = int(np.argmax(self.ends.moved))
        name = ("initial", "final")[end]
        atom = self.ends.atoms[end]
        symbol = chemical_symbols[self.start.numbers[atom]]
        return (
            f"the {name} state is no minimum of the potential: relaxed by it, atom {atom} "
            f"({symbol}) goes {self.ends.moved[end]:.2f} Å away from the reference's minimum (more "
            f"than {MOST_MOVED:g} Å is another state), so that there is no barrier to compare"
        )

    def _problem(self, band: Band) -> str:
        # Without relaxed ends the band has no fixed points, and without a converged band its
        # highest point is no saddle point.
        if band.problem:
            return f"not converged: {band.problem}"
        if not self.ends.relaxation.converged:
            done = self.ends.relaxation
            return (
                f"not converged: the ends of the path have a largest force of {done.fmax:.3g} eV/Å "
                f"after {done.steps} steps, the goal is {FMAX:g} (--neb-steps)"
            )
        if not band.converged:
            return (
                f"not converged: the band has a largest force of {band.fmax:.3g} eV/Å after "
                f"{band.steps} steps, the goal is {FMAX:g} (--neb-steps); its highest point is "
                f"{band.barrier:.3f} eV, the reference's {self.reference.barrier:.3f}"
            )
        return ""

    def _details(self) -> dict[str, Any]:
        """Both paths, relative to their initial states, for the report's figure."""
        reference = NebReferenceDetails(self.reference.barrier)
        energies, band = self.reference.energies, self.band
        if energies is not None and len(self.reference.frames) == len(self.start):
            reference = replace(
                reference,
                lengths=tuple(path_lengths(self.reference.frames).tolist()),
                energies=tuple((energies - energies[0]).tolist()),
            )
        details = NebDetails(
            reference=reference,
            moved_A=tuple(self.ends.moved.tolist()),
            end_steps=self.ends.relaxation.steps,
            converged=False,
        )
        if band is not None:
            positions = np.round(band.frames.positions, 4).reshape(len(band.frames), -1, 3)
            details = replace(
                details,
                lengths=tuple(band.lengths.tolist()),
                energies=tuple((band.energies - band.energies[0]).tolist()),
                barrier=band.barrier,
                fmax=band.fmax,
                steps=band.steps,
                converged=not self._problem(band),
                positions=tuple(map(tuple, positions[int(np.argmax(band.energies))].tolist())),
                climb=self.climbed is not None,
            )
        if (plain := self.plain) is not None and self.climbed is not None:
            before = PlainBandDetails(plain.barrier, plain.fmax, plain.steps, plain.converged)
            details = replace(details, without_climbing=before)
        return {KEY: details.to_dict()}


def measure_neb(
    potential: Potential, dataset: Dataset, *, steps: int, climb: bool = True
) -> NebResult:
    """Relax the ends of the reference's path, the path itself, and then let its top climb.

    Every step is one batch for the potential. Predictions of a model file are cached, so that the
    same band costs no prediction a second time.

    Parameters
    ----------
    potential
        The potential.
    dataset
        The dataset; its card names a path.
    steps
        Most steps of each relaxation: of the ends, of the band, and of the climbing band.
    climb
        Whether the highest image climbs once the band is relaxed.

    Raises
    ------
    NotApplicableError
        The dataset has no path.
    DatasetError
        The path cannot be used.
    PotentialError
        The potential cannot predict it.
    """
    start_time = time.perf_counter()
    reference = dataset.neb()
    if reference is None:
        msg = f"{dataset.name} has no path of a reaction"
        raise NotApplicableError(msg)
    fixed, start = reference.fixed, reference.frames
    # Only the ends are known: interpolate a first path between them.
    if len(start) == 2:
        start = interpolated(start, fixed)
    # The potential's own minima: a barrier from the reference's minimum, which is on a slope of
    # the potential, would mix an error of the minimum with one of the saddle point.
    ends = relax_ends(start, fixed, potential.predict, steps=steps)
    plain = climbed = None
    if ends.moved.max() <= MOST_MOVED:
        positions = np.array(start.positions)
        n_atoms = len(fixed)
        # All images have the same atoms, so the first and the last n_atoms rows are the ends.
        positions[:n_atoms] = ends.relaxation.frames.positions[:n_atoms]
        positions[-n_atoms:] = ends.relaxation.frames.positions[n_atoms:]
        path = replace(start, positions=positions)
        plain = relax_band(path, fixed, potential.predict, steps=steps, climb=False)
        # Also from a band that is not converged: where a ridge lies between two images it may not
        # settle before one of them climbs.
        if climb and not plain.problem:
            relaxed = plain.frames
            climbed = relax_band(relaxed, fixed, potential.predict, steps=steps, climb=True)
    return NebResult(reference, start, ends, plain, climbed, time.perf_counter() - start_time)
