"""The glossary: terms of a media file, and which of them engines and translators receive."""
