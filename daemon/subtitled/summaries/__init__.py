"""Synopsis, chapters and keywords of what was said."""
