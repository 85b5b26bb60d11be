"""The heads of a model, and one potential for each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ms25_suite.core.errors import UsageError
from ms25_suite.potentials.frameworks.model import FrameworkModel
from ms25_suite.potentials.opening import from_model_file
from ms25_suite.potentials.potential import PotentialOptions
from ms25_suite.potentials.registry import detect
from ms25_suite.potentials.variants.model_options import (
    EVERY_HEAD,
    ModelOptions,
    split_model_options,
)
from ms25_suite.training.manifest import read_manifest

__all__ = ["each_head", "heads_of"]


def heads_of(path: Path) -> Mapping[str, str]:
    """Heads of a model file, with their levels of theory where these are known.

    A sidecar of this suite names them; any other model is loaded for it.

    Returns
    -------
    :
        Empty if it has one head only.

    Raises
    ------
    PotentialError
        It cannot be loaded; the class says why.
    """
    manifest = read_manifest(path)
    if manifest is not None and manifest.heads:
        return manifest.heads
    potential = from_model_file(
        path, detect(path).name, path.stem, PotentialOptions(use_cache=False), manifest=manifest
    )
    try:
        return dict.fromkeys(potential.info().heads, "")
    finally:
        potential.close()


def each_head(text: str) -> Sequence[str]:
    """Values of ``--mlip``, one for each head, for one with ``head=*``; any other as it is.

    Raises
    ------
    UsageError
        The model has one head only, or nothing is known about its heads.
    PotentialError
        It cannot be loaded.
    """
    where = f"--mlip={text}"
    if EVERY_HEAD not in text:
        return [text]
    model = FrameworkModel.named(text, where)
    if model is not None:
        return [text] if model.head != EVERY_HEAD else _of_framework(model, text, where)
    file, behind = split_model_options(text)
    options = ModelOptions.parse(behind, where) if behind else ModelOptions()
    if options.head != EVERY_HEAD:
        return [text]
    heads = heads_of(Path(file).expanduser())
    if not heads:
        msg = f"{where}: the model has one head only. Leave head=* out"
        raise UsageError(msg)
    return [f"{file}:{replace(options, head=head).text}" for head in heads]


def _of_framework(model: FrameworkModel, text: str, where: str) -> Sequence[str]:
    heads = model.heads
    if not heads:
        known = ", ".join(model.info.heads)
        msg = (
            f"{where}: it is not known which heads {model.name.removesuffix(f'-{EVERY_HEAD}')} "
            f"has{f' (known: those of {known})' if known else ''}. Name each: head=NAME"
        )
        raise UsageError(msg)
    return [text.replace(f"head={EVERY_HEAD}", f"head={head}") for head in heads]
