"""Potentials from model files, from ASE calculators and from the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ms25_suite.core.cache import file_sha256
from ms25_suite.core.errors import ModelFileError
from ms25_suite.lammps.deploy.files import deployed
from ms25_suite.lammps.deploy.inputs import is_compiled
from ms25_suite.potentials.baseline import MeanBaseline
from ms25_suite.potentials.potential import Potential, PotentialOptions
from ms25_suite.potentials.prediction_cache import PredictionCache
from ms25_suite.potentials.registry import get_architecture, implementation, require_installed

__all__ = ["from_baseline", "from_calculator", "from_model_file"]


def from_model_file(
    path: Path,
    architecture: str,
    name: str,
    options: PotentialOptions,
    *,
    manifest: Mapping[str, Any] | None = None,
) -> Potential:
    """Potential from a model file.

    Raises
    ------
    ArchitectureNotInstalledError
        The package of the architecture is neither installed nor in a managed environment.
    ModelFileError
        The file does not say which elements its species are, and nothing else does.
    DeployError
        It is to be compiled, and cannot be.
    """
    family = get_architecture(architecture)
    place = require_installed(family)
    target = family.compiled_target if options.compiled else ""
    loaded = path
    if target and not is_compiled(path):
        loaded = deployed(path, target, architecture, place, device=options.device)
    species = () if family.names_species else _species(path, options, manifest)
    sha256 = file_sha256(path)
    identity = {
        "model": sha256,
        "architecture": architecture,
        "revision": family.revision,
        "versions": place.versions(family.distributions),
        "device": options.device.split(":")[0],
        "dtype": options.dtype,
    }
    if species:
        identity["species"] = species
    if loaded != path:
        identity["compiled"] = target
    job = {
        "kind": "model",
        "architecture": architecture,
        "implementation": implementation(family),
        "path": str(loaded.resolve()),
        "sha256": sha256 if loaded == path else file_sha256(loaded),
        "device": options.device,
        "dtype": options.dtype,
        "species": species,
        "batch_atoms": options.batch_atoms,
    }
    cache = PredictionCache(identity) if options.use_cache else None
    return Potential(
        name,
        architecture,
        job,
        options,
        path=path,
        sha256=sha256,
        python=place.python,
        cache=cache,
        manifest=manifest,
    )


def _species(
    path: Path, options: PotentialOptions, manifest: Mapping[str, Any] | None
) -> tuple[str, ...]:
    """Chemical symbols of the numbered species of a model file."""
    found = tuple((manifest or {}).get("species", ())) or options.species
    if not found:
        msg = (
            f"{path} numbers its species, but does not say which elements they are, and there is "
            f"no sidecar {path.name}.json of a training of this suite. Name them in the order of "
            "their numbers: --mlip-species=Si,O"
        )
        raise ModelFileError(msg)
    return found


def from_baseline(baseline: MeanBaseline, name: str, options: PotentialOptions) -> Potential:
    """Potential of the scale of errors: no model at all.

    Its predictions are not cached: they cost nothing.
    """
    job = {"kind": "baseline", "values": baseline.to_dict()}
    return Potential(name, "baseline", job, options)


def from_calculator(
    target: str, name: str, options: PotentialOptions, *, architecture: str = "ase"
) -> Potential:
    """Potential from ``calc.py`` or ``package.module:factory``.

    Its predictions are not cached: what such code depends on cannot be seen from outside.
    """
    path = Path(target) if target.endswith(".py") else None
    sha256 = file_sha256(path) if path else ""
    job = {"kind": "calculator", "target": str(path.resolve()) if path else target}
    return Potential(name, architecture, job, options, path=path, sha256=sha256)
