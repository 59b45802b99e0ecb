"""A daemon that makes subtitles for the media files of its libraries."""

__version__ = "0.1.0"
