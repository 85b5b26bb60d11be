"""Training recipes, one TOML file for each architecture."""
