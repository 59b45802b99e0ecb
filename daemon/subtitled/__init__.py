"""A daemon that gives every film, programme and lecture subtitles, by itself."""

__version__ = "0.1.0"
