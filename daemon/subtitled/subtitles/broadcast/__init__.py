"""Formats of broadcasters, which count frames by timecode and have letters of their own."""
