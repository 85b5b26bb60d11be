"""The command ``ms25 campaign``."""
