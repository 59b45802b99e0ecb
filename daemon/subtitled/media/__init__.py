"""Reading media files: tracks, decoded audio, shot changes and speech."""
