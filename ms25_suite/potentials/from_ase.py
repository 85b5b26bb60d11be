"""Any ASE calculator as a potential, frame by frame."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ms25_suite.core.errors import ModelFileError, Ms25Error, PredictionError
from ms25_suite.core.frames import FloatArray, Frames, Predictions, to_voigt
from ms25_suite.potentials.base import ModelInfo

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["CalculatorEvaluator", "load_calculator"]

FILE_ATTRIBUTE = "calculator"
"""Name that a calculator file must define: an ASE calculator, or a function that returns one."""

_ANYTHING = (Exception, SystemExit)
"""What somebody else's code may raise: scripts call `sys.exit`, which would end the worker."""


def load_calculator(
    target: str, arguments: Mapping[str, str] | None = None, *, hint: str = ""
) -> Any:
    """Load an ASE calculator from a Python file or a module.

    Parameters
    ----------
    target
        ``calc.py``, a file that defines ``calculator``; or ``package.module:attribute``. The name
        may stand for a calculator, or for a class or function without arguments that returns one.
    arguments
        Arguments of the function; None for none.
    hint
        What to do if there is no calculator; added to the message.

    Raises
    ------
    ModelFileError
        The module cannot be imported, or does not define an ASE calculator.
    """
    where, _, attribute = target.rpartition(":") if _is_attribute(target) else (target, "", "")
    attribute = attribute or FILE_ATTRIBUTE
    module = _import(where)
    try:
        found = getattr(module, attribute)
    except AttributeError as error:
        msg = (
            f"{where} does not define `{attribute}`: expected an ASE calculator, or a function "
            "without arguments that returns one"
        )
        raise ModelFileError(msg) from error
    if isinstance(found, type) or not hasattr(found, "get_property"):
        try:
            found = found(**(arguments or {}))
        except Ms25Error:
            raise
        except _ANYTHING as error:
            msg = f"calling `{attribute}` of {where} failed:\n{_user_traceback(error)}"
            msg += f"\n{hint}" if hint else ""
            raise ModelFileError(msg) from error
    if not hasattr(found, "get_property"):
        msg = f"`{attribute}` of {where} gives {type(found)!r}, expected an ASE calculator"
        raise ModelFileError(msg)
    return found


def _is_attribute(target: str) -> bool:
    return ":" in target and not target.endswith(".py")


def _import(where: str) -> ModuleType:
    try:
        if not where.endswith(".py"):
            return importlib.import_module(where)
        path = Path(where).resolve()
        # A calculator file may import modules beside it. Its folder goes last on the path and its
        # module gets a name of its own, so that a file called mace.py does not hide the package.
        sys.path.append(str(path.parent))
        name = f"_ms25_calculator_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            msg = f"{where} cannot be imported as a Python module"
            raise ModelFileError(msg)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    except ModelFileError:
        raise
    except _ANYTHING as error:
        msg = f"importing {where} failed:\n{_user_traceback(error)}"
        raise ModelFileError(msg) from error
    return module


def _user_traceback(error: BaseException) -> str:
    """Traceback without the frames of this module and of the import system."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename != __file__ and "importlib" not in f.filename]
    return "".join([*traceback.format_list(own), *traceback.format_exception_only(error)]).rstrip()


class CalculatorEvaluator:
    """Predictions of an ASE calculator.

    Parameters
    ----------
    calculator
        Any object with ASE's calculator interface. Stresses are computed if
        ``implemented_properties`` lists them, until the calculator says that it has none.
    """

    tells_batches = True

    def __init__(self, calculator: Any) -> None:
        self._calculator = calculator
        self._state: bytes | None = None
        self._read: set[str] = set()
        self._stress = "stress" in getattr(calculator, "implemented_properties", ())
        self._has_given_stress = False

    @property
    def info(self) -> ModelInfo:
        """Elements if the calculator lists them, and the inputs that it has read so far.

        Elements are taken from a list of chemical symbols, ``elements``. Inputs of the frame are
        known once something was predicted; which arrays a calculator reads is not known.
        """
        from ase.data import atomic_numbers

        inputs = None if self._state is None else tuple(sorted(self._read))
        symbols = getattr(self._calculator, "elements", None)
        if not isinstance(symbols, list | tuple) or not set(symbols) <= set(atomic_numbers):
            return ModelInfo(inputs=inputs)
        elements = tuple(sorted({atomic_numbers[s] for s in symbols}))
        return ModelInfo(elements=elements, inputs=inputs)

    def predict(
        self, frames: Frames, *, on_batch: Callable[[int], object] = lambda n_frames: None
    ) -> Predictions:
        """Energies, forces and, if the calculator has them, stresses of periodic frames.

        Parameters
        ----------
        frames
            The frames.
        on_batch
            Called after each frame.

        Raises
        ------
        PredictionError
            The calculator raised an error or returned an array of the wrong shape; has the frame.
        """
        from ms25_suite.potentials.watched_atoms import noticing

        with noticing(self._read):
            return self._predict(frames, on_batch)

    def _predict(self, frames: Frames, on_batch: Callable[[int], object]) -> Predictions:
        from ms25_suite.potentials.watched_atoms import WatchedAtoms, spread_over_atoms

        energy = np.empty(len(frames))
        forces = np.empty((len(frames.numbers), 3))
        stress = np.full((len(frames), 6), np.nan)
        for index in range(len(frames)):
            atoms = frames.atoms(index, WatchedAtoms)
            spread_over_atoms(atoms)
            rows = frames.atoms_of(index)
            self._forget_other_state(frames.inputs.prints(index, rows))
            atoms.calc = self._calculator
            try:
                # ASE's default energy: with electronic smearing the one extrapolated to zero width.
                energy[index] = _shaped(atoms.get_potential_energy(), (), "energy", atoms)
                forces[rows] = _shaped(atoms.get_forces(), (len(atoms), 3), "forces", atoms)
                if self._stress and atoms.pbc.all():
                    value = self._stress_of(atoms)
                    stress[index] = np.nan if value is None else value
            except PredictionError as error:
                error.frames = (index,)
                raise
            except (Ms25Error, MemoryError):
                raise
            except _ANYTHING as error:
                msg = (
                    f"the calculator raised an error for {_name(atoms)}:\n{_user_traceback(error)}"
                )
                raise PredictionError(msg, (index,)) from error
            on_batch(1)
        return Predictions(energy=energy, forces=forces, stress=stress if self._stress else None)

    def _stress_of(self, atoms: Atoms) -> FloatArray | None:
        """Stress of a frame; None from a calculator that lists stresses and has none."""
        try:
            # Not Atoms.get_stress, which checks the shape by an assert without a message.
            found = self._calculator.get_property("stress", atoms)
        except NotImplementedError:
            # PropertyNotImplementedError is one: ASE's word for "I have none".
            found = None
        if found is None:
            if self._has_given_stress:
                msg = (
                    f"the calculator has no stress for {_name(atoms)}, but gave one for other "
                    "frames: expected one for every periodic frame, or for none"
                )
                raise PredictionError(msg)
            self._stress = False
            return None
        self._has_given_stress = True
        value = np.asarray(found)
        return _shaped(to_voigt(value) if value.shape == (3, 3) else value, (6,), "stress", atoms)

    def _forget_other_state(self, state: bytes) -> None:
        """Make the calculator forget its results if the charge, the spin, … is another one.

        ASE's calculators compare structures only, and would return the results of another charge
        state of the same geometry.
        """
        if state != self._state:
            _reset(self._calculator)
        self._state = state


def _reset(calculator: Any, depth: int = 4) -> None:
    """Make a calculator forget its results, and those that it holds, such as those of a sum."""
    if callable(getattr(calculator, "reset", None)):
        calculator.reset()
    elif hasattr(calculator, "results"):
        # `BaseCalculator` has no method for it (`ase.calculators.mixing`).
        calculator.results, calculator.atoms = {}, None
    if depth == 0:
        return
    for value in vars(calculator).values() if hasattr(calculator, "__dict__") else ():
        parts = value if isinstance(value, list | tuple) else (value,)
        for part in parts:
            if hasattr(part, "get_property") or hasattr(part, "calcs"):
                _reset(part, depth - 1)


def _name(atoms: Atoms) -> str:
    return f"a frame of {len(atoms)} atoms, {atoms.get_chemical_formula()}"


def _shaped(value: Any, shape: tuple[int, ...], what: str, atoms: Atoms) -> FloatArray:
    array = np.asarray(value, dtype=float)
    if array.shape != shape:
        msg = (
            f"the calculator's {what} has shape {array.shape} for {_name(atoms)}; "
            f"expected {shape or 'one number'}"
        )
        raise PredictionError(msg)
    return array
