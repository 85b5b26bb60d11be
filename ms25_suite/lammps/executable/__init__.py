"""A LAMMPS program in a process of its own: its build, its input, its log and its results."""
