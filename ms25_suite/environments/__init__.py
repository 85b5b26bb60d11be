"""Virtual environments that the suite makes for packages that cannot be installed beside it."""
