"""Editing a subtitle by operations: pure functions over its cues."""
