"""Accepted numbers of a run, and how the numbers of another run compare with them."""
