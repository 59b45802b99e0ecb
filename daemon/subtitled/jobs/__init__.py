"""Which job is worked on when: the durable queue, what keeps it waiting, what became of each."""
