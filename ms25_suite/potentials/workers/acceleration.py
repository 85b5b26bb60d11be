"""Faster forms of a model, which are used only if they agree with the plain one.

Packages compile their models to native code, or replace tensor products by the kernels of another
library. Such a form is another program for the same function: before it predicts anything, it is
compared with the plain model on frames that are made here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ms25_suite.core.errors import ModelFileError, NotApplicableError
from ms25_suite.core.frames import Frames, Predictions
from ms25_suite.metrics.agreement import compare_predictions
from ms25_suite.potentials.base import EdgeModel, ForceModel, ModelInfo
from ms25_suite.potentials.evaluate import EdgeEvaluator

__all__ = ["Chosen", "agreeing_form", "choose_form", "first_form", "trial_frames"]

Model = EdgeModel | ForceModel

_SIZES: Final = (12, 12, 7, 24)
"""Atoms of the trial frames; the third is a cluster, the others are periodic."""

_SPACING: Final = (1.6, 2.8)
"""Bounds in Å of the distance between neighbours: about half of the cutoff, but as in matter."""

_SEED: Final = 25

_UNITS: Final = {"energy": "eV/atom", "forces": "eV/Å", "stress": "eV/Å^3"}


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The model to be used.

    Parameters
    ----------
    model
        A form that agrees, or the plain model.
    text
        Which it is, how much it differs, and why others were not taken; for the report.
    """

    model: Model
    text: str


def choose_form(
    plain: Callable[[], Model], forms: Mapping[str, Callable[[], Model]], dtype: str
) -> Chosen:
    """Choose the first form that agrees with the plain model within rounding.

    Parameters
    ----------
    plain
        Loads the plain model; its errors are raised.
    forms
        Functions that make a form, by its name; what they raise makes the form unusable.
    dtype
        Floating-point type of the weights, ``float64`` or ``float32``, unless the model has one of
        its own (`EdgeModel.precision`).
    """
    model = plain()
    frames = trial_frames(model.info)
    precision = getattr(model, "precision", "") or dtype
    expected: Predictions | None = None
    refused: list[str] = []
    for name, make in forms.items():
        try:
            if expected is None:
                expected = EdgeEvaluator(model).predict(frames)
            form = make()
            found = EdgeEvaluator(form).predict(frames)
        # Whatever a library raises: the plain model is there.
        except Exception as error:
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            refused.append(f"{name} cannot be used ({reason[:300]})")
            continue
        largest, too_large = _compare(frames, expected, found, precision)
        if too_large:
            refused.append(f"{name} differs from the plain model by {too_large}")
            continue
        return Chosen(form, "; ".join([f"{name}, differs by {largest}", *refused]))
    return Chosen(model, "; ".join(["plain", *refused]) if refused else "")


def agreeing_form(
    plain: Callable[[], Model], name: str, make: Callable[[], Model], dtype: str
) -> Chosen:
    """A form that was asked for by name, if it agrees with the plain model within rounding.

    Parameters
    ----------
    plain
        Loads the plain model; its errors are raised.
    name
        Name of the form.
    make
        Makes it.
    dtype
        See `choose_form`.

    Raises
    ------
    ModelFileError
        It cannot be made, or differs from the plain model by more than rounding: numbers that
        nobody asked for are not put in its place.
    """
    model = plain()
    chosen = choose_form(lambda: model, {name: make}, dtype)
    if chosen.model is model:
        reason = chosen.text.removeprefix("plain; ")
        msg = f"{reason}. It was asked for, and is not used. Leave it out"
        raise ModelFileError(msg)
    return chosen


def first_form(forms: Mapping[str, Callable[[], Model]]) -> Chosen:
    """The first form that can be made, whether it agrees with the plain model or not.

    For the check that compares the two on frames of a dataset.

    Parameters
    ----------
    forms
        Functions that make a form, by its name.

    Raises
    ------
    NotApplicableError
        There is none.
    ModelFileError
        None can be made.
    """
    refused: list[str] = []
    for name, make in forms.items():
        try:
            return Chosen(make(), name)
        # Whatever a library raises: another form may be usable.
        except Exception as error:
            refused.append(f"{name} cannot be used ({type(error).__name__}: {error})")
    if refused:
        raise ModelFileError("; ".join(refused))
    msg = "there is no faster form of the model on this device"
    raise NotApplicableError(msg)


def _compare(
    frames: Frames, expected: Predictions, found: Predictions, dtype: str
) -> tuple[str, str]:
    """Largest difference of each quantity as text, and those beyond rounding; empty: none."""
    agreement = compare_predictions(frames, expected, found, dtype)
    beyond = [
        f"{one.value:.2g} {_UNITS[quantity]} (rounding: {agreement.tolerances[quantity].value:g})"
        for quantity, one in agreement.beyond().items()
    ]
    largest = agreement.differences.items()
    shown = ", ".join(f"{one.value:.1e} {_UNITS[quantity]}" for quantity, one in largest)
    return shown, ", ".join(beyond)


def trial_frames(info: ModelInfo) -> Frames:
    """Frames of all elements of a model: atoms near the points of a grid, some without a cell.

    Parameters
    ----------
    info
        Elements and cutoff of the model.
    """
    random = np.random.default_rng(_SEED)
    spacing = float(np.clip(0.5 * float(info.r_max or 0.0), *_SPACING))
    elements = np.array(info.elements or (1,))
    numbers, positions, cells, periodic = [], [], [], []
    for index, n_atoms in enumerate(_SIZES):
        shape = np.array([2, 2, -(-n_atoms // 4)])
        grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1).reshape(-1, 3)
        numbers.append(np.resize(random.permutation(elements), n_atoms))
        noise = random.uniform(-0.1, 0.1, size=(n_atoms, 3))
        positions.append(spacing * (grid[:n_atoms] + noise))
        is_cluster = index == 2
        tilt = random.uniform(-0.1, 0.1, size=(3, 3))
        cells.append(np.zeros((3, 3)) if is_cluster else spacing * (np.diag(shape) + tilt))
        periodic.append(not is_cluster)
    return Frames(
        numbers=np.concatenate(numbers).astype(np.int64),
        positions=np.concatenate(positions),
        cells=np.array(cells),
        pbc=np.repeat(np.array(periodic)[:, None], 3, axis=1),
        offsets=np.concatenate([[0], np.cumsum(_SIZES)]).astype(np.int64),
    )
