"""The daemon's life: start, watch, schedule, report, stop."""
