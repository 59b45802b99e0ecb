"""Model files: where they come from, and that they are the published ones."""
