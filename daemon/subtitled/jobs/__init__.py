"""Jobs: the durable queue, planning, the gate of work, and the results."""
