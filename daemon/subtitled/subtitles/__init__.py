"""From words to files that a reader likes: cues, lines, formats, names, publishing."""
