"""The pipeline from a media file to its sidecars: what it has and needs, and the workflow."""
