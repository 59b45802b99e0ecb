"""Routing: which engine and translator is used for what, as pure functions."""
