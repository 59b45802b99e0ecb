"""What is in a media file: its tracks, its sound, where somebody speaks."""
