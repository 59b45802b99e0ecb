"""From a track to its words: speech and language, transcription, alignment and quality."""
