"""Campaigns that the suite brings, as TOML files."""
