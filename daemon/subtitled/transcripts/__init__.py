"""The store of what was heard in each medium, by content identity."""
