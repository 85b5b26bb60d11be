"""Inputs of MACE models besides the structure: heads, and embeddings of charge, spin, ….

A model with embeddings (``mace_run_train --embedding_specs``) names in ``embedding_specs`` what it
reads of each graph or atom; ``mace.data.AtomicData`` fills in a charge of 0 and a spin of 1 where a
frame states none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ms25_suite.core.errors import ModelFileError, PredictionError, did_you_mean
from ms25_suite.core.frames import FloatArray, Frames, IntArray
from ms25_suite.core.inputs import KNOWN_INPUTS, Column, Inputs, Per, is_default
from ms25_suite.potentials.base import Graph

__all__ = [
    "EmbeddedInput",
    "Heads",
    "always_given",
    "embedded_inputs",
    "probe_inputs",
    "training_embeddings",
]

_NAMES: Final = {key: known.name for known in KNOWN_INPUTS.values() for key in known.keys}
"""Name in the suite of each key that MACE's embeddings may have (``total_spin``, …)."""


_OFFSET: Final = 100
"""Largest charge, and multiplicity, that is embedded: as MACE-OMOL, -100 to 100."""

_EMBEDDING_WIDTH: Final = 16
"""Numbers in an embedding: a charge needs few, and small models have few channels."""


class EmbeddedInput:
    """One input that a model embeds.

    Parameters
    ----------
    feature
        Its name in the model.
    spec
        Its entry in ``embedding_specs``.

    Attributes
    ----------
    name
        Its name in the suite.
    per
        Whether it is a value of the frame or of each atom.
    width
        Number of numbers in a value.
    key
        Its key in ``info`` or ``arrays`` of the frames that the suite hands to a calculator.
    """

    def __init__(self, feature: str, spec: Mapping[str, Any]) -> None:
        self.feature = feature
        self.name = _NAMES.get(feature.lower(), feature)
        self._key = str(spec.get("key", feature))
        self.per: Per = "atom" if spec.get("per") == "atom" else "frame"
        self.width = int(spec.get("in_dim", 1))
        known = KNOWN_INPUTS.get(self.name)
        self.key = known.keys[0] if known else self._key

    def values(self, graph: Graph) -> FloatArray:
        """Value of each graph or atom, as the model takes it.

        Raises
        ------
        PredictionError
            A frame does not state it, and MACE has no default; or its shape does not fit.
        """
        per_atom = self.per == "atom"
        n = len(graph.numbers) if per_atom else graph.n_graphs
        known = KNOWN_INPUTS.get(self.name)
        # MACE's own names, the key that the model was trained with, or a name from a card.
        name = next((one for one in (self.name, self._key) if one in graph.inputs), "")
        column = graph.inputs[name] if name else None
        if column is not None and (column.is_text or (column.per == "atom") != per_atom):
            column = None
        default = known.default if known else None
        stated = np.zeros(n, dtype=bool) if column is None else column.stated()
        if default is None and not stated.all():
            lacking = np.flatnonzero(~stated)
            frames = np.unique(graph.graph_of_atom[lacking]) if per_atom else lacking
            msg = (
                f"the model reads `{self.feature}` of each {'atom' if per_atom else 'frame'} "
                f"as a number, which {len(frames)} frames do not state. If the file has it under "
                f'another key, name it in the card: [inputs] {self.feature} = "…"'
            )
            raise PredictionError(msg, tuple(int(frame) for frame in frames))
        if column is None:
            return np.full((n, self.width) if self.width > 1 else n, default, dtype=np.float64)
        values = np.array(column.values, dtype=np.float64)
        if values[0].size != self.width:
            msg = (
                f"the model reads {self.width} numbers as `{self.feature}`, the frames state "
                f"{values[0].size}"
            )
            raise PredictionError(msg, (0,))
        values[~stated] = default
        return values.reshape((n, self.width) if self.width > 1 else n)


def training_embeddings(*parts: Frames) -> dict[str, dict[str, Any]]:
    """``embedding_specs`` for a training on frames of several charges or spins.

    Without them a model cannot tell apart charge states of one geometry, and learns their mean.
    The form is that of MACE-OMOL: one embedding for each whole number.
    """
    specs: dict[str, dict[str, Any]] = {}
    for name, feature in (("total_charge", "total_charge"), ("spin_multiplicity", "total_spin")):
        columns = [frames.inputs[name] for frames in parts if name in frames.inputs]
        if all(is_default(name, column) for column in columns):
            continue
        specs[feature] = {
            "type": "categorical",
            "per": "graph",
            "offset": _OFFSET,
            "num_classes": 2 * _OFFSET + 1,
            "emb_dim": _EMBEDDING_WIDTH,
        }
    return specs


def embedded_inputs(model: Any) -> tuple[EmbeddedInput, ...]:
    """Inputs that a model embeds, in the order of the model."""
    specs = getattr(model, "embedding_specs", None) or {}
    return tuple(EmbeddedInput(str(name), spec) for name, spec in specs.items())


def always_given() -> tuple[EmbeddedInput, ...]:
    """Charge and spin, which MACE's own data always have, whether or not a model reads them."""
    return tuple(EmbeddedInput(name, {"per": "graph"}) for name in ("total_charge", "total_spin"))


def probe_inputs(embedded: Sequence[EmbeddedInput], heads: Heads) -> Inputs:
    """Inputs of a frame of two atoms, to try a model with."""
    columns = {"head": Column(np.array([heads.names[0]]), "frame")}
    for one in embedded:
        known = KNOWN_INPUTS.get(one.name)
        value = (known.default if known else None) or 0.0
        shape = (2 if one.per == "atom" else 1, one.width)
        columns[one.name] = Column(np.full(shape, value), one.per)
    return Inputs(columns)


class Heads:
    """Heads of a model, and the one that each frame is evaluated with.

    If one was asked for, all frames get it. Else a frame that names one of the heads (``head`` in
    the file) gets that, and any other the only head, or the one called "default", as
    `MACECalculator` chooses. A model that was fine-tuned with replay has another head for its
    pre-training data.

    Parameters
    ----------
    names
        The heads, in order.
    path
        The file, for messages.
    chosen
        The one that was asked for; empty for none.

    Raises
    ------
    ModelFileError
        There is no such head.
    """

    def __init__(self, names: Sequence[str], path: object, chosen: str = "") -> None:
        self.names = tuple(names)
        self.chosen = chosen
        self._path = path
        if chosen and chosen not in self.names:
            hint = did_you_mean(chosen, self.names)
            msg = f"{path} has no head {chosen!r}.{hint} Its heads: {', '.join(self.names)}"
            raise ModelFileError(msg)
        named = [index for index, head in enumerate(names) if head.lower() == "default"]
        self._default = 0 if len(names) == 1 else named[0] if len(named) == 1 else None
        if chosen:
            self._default = self.names.index(chosen)

    @property
    def by_frame(self) -> bool:
        """Whether frames may choose among several heads."""
        return len(self.names) > 1 and not self.chosen

    @property
    def only(self) -> str | None:
        """The head of all frames that name none; None if it is not clear which one that is."""
        return None if self._default is None else self.names[self._default]

    def of(self, graph: Graph) -> IntArray:
        """Index of the head of each frame, shape ``(n_graphs,)``.

        Raises
        ------
        ModelFileError
            There are several heads, and none was asked for, is called "default" or is named by a
            frame.
        """
        default = -1 if self._default is None else self._default
        found = np.full(graph.n_graphs, default, dtype=np.int64)
        if self.by_frame and "head" in graph.inputs:
            for index, head in enumerate(self.names):
                found[graph.inputs["head"].values == head] = index
        if (found < 0).any():
            msg = (
                f"{self._path} has the heads {', '.join(self.names)}, and none of them is called "
                f"Default: it is not clear which one to use. Choose one, {self._path}:head="
                f"{self.names[0]}, or all, head=*; or name one in each frame (`head` in the file)"
            )
            raise ModelFileError(msg)
        return found
