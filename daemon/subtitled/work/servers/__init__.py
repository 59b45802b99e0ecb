"""Telling media servers what changed, asking whether they show it, and trying another way."""
