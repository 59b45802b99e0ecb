"""Evaluation of subtitles: by published limits, and against a reference of the same media file."""
