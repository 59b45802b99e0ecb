"""Model files: their sources, their verification and their installation."""
