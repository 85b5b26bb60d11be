"""MACE, NequIP, Allegro, ANI and MTP: adapter, trainer and recipe of each, one folder a package."""
