"""The Python interface: `ms25_suite.judge` and its results."""
