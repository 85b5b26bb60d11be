"""Documents that a user names: regular files, and the JSON or TOML in them."""
