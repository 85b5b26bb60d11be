"""Where the tasks of a campaign run: Parsl, the sites, their workers, and job arrays."""
