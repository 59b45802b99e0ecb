"""From a track to its words: what is spoken where, who writes it down, when each is said."""
