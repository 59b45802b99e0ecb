"""Summaries of media files: synopsis, chapters and keywords."""
