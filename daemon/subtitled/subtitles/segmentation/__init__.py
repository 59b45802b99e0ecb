"""Segmentation of words into cues: grouping, line breaking and display times."""
