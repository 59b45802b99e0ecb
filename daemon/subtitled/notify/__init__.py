"""Telling media servers what changed, and people and hooks of plugins what happened."""
