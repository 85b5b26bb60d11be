"""Worker processes in which potentials are loaded and evaluated."""
