"""TOML in, typed settings and loaded plugins out; every mistake named with its cure."""
