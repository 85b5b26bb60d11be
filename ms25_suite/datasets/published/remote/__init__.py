"""Getting the published data: its files in two archives, downloads that are resumed."""
