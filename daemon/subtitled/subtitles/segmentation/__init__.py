"""From words to cues: where to part them, how to break them, when they come and go."""
