"""Pair styles of LAMMPS that were written for one architecture."""
