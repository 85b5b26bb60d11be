"""Virtual environments that the suite creates for packages that cannot be installed beside it."""
