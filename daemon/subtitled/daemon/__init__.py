"""The daemon and the worker as processes: start, scheduling, throttling, health, stop."""
