"""The command ``ms25``, one module for each subcommand."""
