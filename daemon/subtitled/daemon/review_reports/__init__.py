"""Quality reports: what people found wrong in subtitles, and what they changed."""
