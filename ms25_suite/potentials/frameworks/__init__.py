"""Potentials of frameworks that have an environment of their own, such as SevenNet and CHGNet."""
