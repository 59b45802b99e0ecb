"""What the daemon is asked: each answer is a value, which the command line and the port render."""
