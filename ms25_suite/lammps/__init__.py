"""Molecular dynamics in LAMMPS, with any potential of the suite."""
