"""What authors of plugins work with: checks, the pytest plugin, a new distribution."""
