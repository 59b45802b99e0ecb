"""Engine processes: their pool, protocol, limits and circuit breakers."""
