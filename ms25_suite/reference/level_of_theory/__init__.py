"""The paper's levels of theory as inputs of CP2K and VASP."""
