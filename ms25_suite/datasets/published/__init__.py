"""The authors' archive: download, recognition of its files, import."""
