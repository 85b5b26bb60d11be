"""MTP: Shapeev, Multiscale Model. Simul. 14, 1153 (2016), by motep.

motep's calculator spends most of its time in ASE's neighbour list. Here its compiled function gets
the neighbours of all frames of a batch at once. That function is not a public interface of motep,
so the version is checked.
"""

from __future__ import annotations

import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from ms25_suite.core.errors import ArchitectureNotInstalledError, ModelFileError, PotentialError
from ms25_suite.core.frames import FloatArray
from ms25_suite.potentials.base import Architecture, EdgeModel, Graph, ModelInfo

if TYPE_CHECKING:
    from ms25_suite.potentials.model_file import FileSummary

__all__ = ["MtpArchitecture", "MtpModel", "neighbour_table"]

SUPPORTED: Final = ("0.2.0",)
"""Versions of motep whose compiled function was compared with motep's calculator."""


class MtpArchitecture(Architecture):
    """Files ``.mtp`` of MLIP-2, MLIP-3 and motep, in the older and the newer layout.

    Such a file numbers its species without naming their elements.
    """

    name = "mtp"
    package = "motep"
    distributions = ("motep",)
    requirement = "ms25-suite[mtp]"
    trainer = "ms25_suite.architectures.mtp.trainer:MtpTrainer"
    names_species = False
    cpu_only = True

    def recognises(self, summary: FileSummary) -> bool:
        """Whether the first line is ``MTP``."""
        return summary.head.split(b"\n", 1)[0].strip() == b"MTP"

    def load(
        self, path: Path, *, device: str, dtype: str, species: tuple[str, ...] = ()
    ) -> MtpModel:
        """Load a model; nothing in the file is executed.

        Parameters
        ----------
        path
            The file.
        device
            ``cpu``: motep has nothing for other devices.
        dtype
            Without effect: motep computes in double precision.
        species
            Chemical symbols of the species, in the order of their numbers.
        """
        from ase.data import atomic_numbers

        require_supported()
        if device != "cpu":
            msg = f"MTP runs on the CPU only, found --device={device}. Use --device=cpu"
            raise PotentialError(msg)
        data = read_data(path)
        if len(species) != data.species_count:
            msg = (
                f"{path} has {data.species_count} species, but {len(species)} were named "
                f"({','.join(species) or 'none'}): give --mlip-species=A,B,... in the order of "
                "the species' numbers"
            )
            raise ModelFileError(msg)
        data.species = [atomic_numbers[symbol] for symbol in species]
        return MtpModel(data)

    def own_calculator(
        self, path: Path, *, device: str, dtype: str, species: tuple[str, ...] = (), **known: Any
    ) -> Any:
        """Calculator of motep, in double precision."""
        from ase.data import atomic_numbers

        del device, dtype, known
        data = read_data(path)
        data.species = [atomic_numbers[symbol] for symbol in species]
        return _fresh_calculator(data)


def _fresh_calculator(data: Any) -> Any:
    """Calculator of motep that forgets each frame.

    motep's own keeps the neighbours of the first frame, and raises for one of another size.
    """
    from ase.calculators.calculator import Calculator, all_changes
    from motep.calculator import MTP

    class FreshMtp(Calculator):  # type: ignore[misc]
        implemented_properties: ClassVar[list[str]] = ["energy", "forces", "stress"]

        def calculate(
            self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
        ) -> None:
            super().calculate(atoms, properties, system_changes)
            fresh = MTP(data)
            fresh.calculate(self.atoms, self.implemented_properties)
            self.results = fresh.results

    return FreshMtp()


def require_supported() -> None:
    """Make sure that motep has a version whose internal functions are supported.

    Raises
    ------
    ArchitectureNotInstalledError
        It is not.
    """
    try:
        found = version("motep")
    except PackageNotFoundError:
        found = "none"
    if found not in SUPPORTED:
        msg = (
            f"MTP needs motep {' or '.join(SUPPORTED)}, found {found}: it uses internal functions, "
            f"which other versions may change. pip install motep=={SUPPORTED[-1]}"
        )
        raise ArchitectureNotInstalledError(msg)


def read_data(path: Path) -> Any:
    """Parameters of a trained potential, ``motep.potentials.mtp.data.MTPData``.

    Raises
    ------
    ModelFileError
        The file is damaged, not trained, or of a kind that cannot be used.
    """
    from motep.io.mlip.mtp import read_mtp
    from motep.potentials.mtp.data import MTPData

    try:
        with tempfile.TemporaryDirectory() as folder:
            # A copy, because motep reads from a path, and the user's file must not be changed.
            ordered = Path(folder) / path.name
            ordered.write_text(_ordered(path.read_text(encoding="utf-8")), encoding="utf-8")
            data = read_mtp(ordered)
    except Exception as error:
        msg = f"{path} looks like an MTP but cannot be read: {error!r}. Is it complete?"
        raise ModelFileError(msg) from error
    if type(data) is not MTPData:
        msg = f"{path} is a magnetic MTP, which depends on more than positions and cannot be used"
        raise ModelFileError(msg)
    names = ("radial_coeffs", "species_coeffs", "moment_coeffs", "alpha_moment_mapping")
    missing = [name for name in names if getattr(data, name) is None]
    if missing:
        msg = (
            f"{path} lacks {', '.join(missing)}: it is a template that was not trained, or was "
            "cut off. Use the file of a trained potential"
        )
        raise ModelFileError(msg)
    # motep's compiled code evaluates Chebyshev polynomials, whatever type the file names.
    if data.radial_basis.type != "RBChebyshev":
        msg = f"{path}: expected the radial basis RBChebyshev, found {data.radial_basis.type!r}"
        raise ModelFileError(msg)
    return data


def _ordered(text: str) -> str:
    """The same file with the number of radial functions before their coefficients.

    motep 0.2.0 must read it before them, but writes it after them in its newer layout.
    """
    lines = text.splitlines(keepends=True)
    keys = [line.split("=")[0].strip() for line in lines]
    if "radial_coeffs" in keys and "radial_funcs_count" in keys:
        start, count = keys.index("radial_coeffs"), keys.index("radial_funcs_count")
        if count > start:
            # The line is taken from behind `start`, so that `start` still fits.
            lines.insert(start, lines.pop(count))
    return "".join(lines)


def neighbour_table(graph: Graph, padding: float) -> tuple[Any, Any, tuple[Any, Any]]:
    """Neighbours of each atom in rows of equal length, as motep's compiled functions take them.

    Parameters
    ----------
    graph
        Atoms and edges.
    padding
        Component of the vectors that fill up a row; beyond the cutoff, so that they contribute
        nothing.

    Returns
    -------
    :
        Neighbours, shape ``(n_atoms, n)``, -1 where there is none; vectors in Å, shape
        ``(n_atoms, n, 3)``; row and column of each edge of the graph.
    """
    n_atoms = len(graph.numbers)
    counts = np.bincount(graph.senders, minlength=n_atoms)
    width = int(counts.max(initial=0))
    order = np.argsort(graph.senders, kind="stable")
    # The column of an edge is its position among the edges of the same sender: its position in
    # sender order minus the number of edges of all earlier senders.
    rows = graph.senders
    columns = np.empty_like(rows)
    columns[order] = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    neighbours = np.full((n_atoms, width), -1, dtype=np.int32)
    neighbours[rows, columns] = graph.receivers
    # Length sqrt(3) padding: beyond r_max, where the factor (r_max - r)^2 of the radial functions
    # is cut to zero together with its derivative.
    vectors = np.full((n_atoms, width, 3), padding)
    vectors[rows, columns] = graph.vectors
    return neighbours, vectors, (rows, columns)


class MtpModel(EdgeModel):
    """A loaded moment tensor potential.

    Like motep, it extrapolates to pairs closer than the file's ``min_dist``; motep logs a warning.

    Parameters
    ----------
    data
        ``motep.potentials.mtp.data.MTPData`` with species.
    """

    precision = "float64"

    def __init__(self, data: Any) -> None:
        self._data = data
        elements = [int(z) for z in data.species]
        # MTP numbers species from 0 in the order of the file, not by atomic number.
        self._index = np.full(max(elements) + 1, -1, dtype=np.int32)
        self._index[elements] = np.arange(len(elements))
        self._info = ModelInfo(
            elements=tuple(sorted(elements)),
            r_max=float(data.radial_basis.max),
            n_layers=1,
            n_parameters=int(data.number_of_parameters_optimized),
            inputs=(),
        )

    @property
    def info(self) -> ModelInfo:
        """Elements, cutoff and size."""
        return self._info

    def evaluate(self, graph: Graph) -> tuple[FloatArray, FloatArray]:
        """Energies and ``dE/dD``; see `EdgeModel.evaluate`."""
        from motep.potentials.mtp.base import MomentBasisData
        from motep.potentials.mtp.cext import _mtp_cext

        data = self._data
        neighbours, vectors, places = neighbour_table(graph, float(data.radial_basis.max))
        types = self._index[graph.numbers]
        # calc_run adds to these arrays, and they are allocated with NaN: hence `clean`.
        workspace = MomentBasisData(mode="run")
        workspace.initialize(len(types), data)
        workspace.clean()
        # The site energy of atom i depends on its own edges only, so slopes[i, k] = dE_i/dr_ik is
        # dE/dD of that directed edge. Absent neighbours (-1) get the type of the last atom, which
        # does not matter beyond the cutoff.
        by_atom, slopes = _mtp_cext.calc_run(
            neighbours, vectors, types, types[neighbours], data, workspace
        )
        energy = np.bincount(graph.graph_of_atom, weights=by_atom, minlength=graph.n_graphs)
        return np.asarray(energy, dtype=np.float64), np.ascontiguousarray(slopes[places])
