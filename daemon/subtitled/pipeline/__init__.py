"""From one medium to its sidecars: what it has and needs, and the workflow that makes it."""
