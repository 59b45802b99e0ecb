"""What this machine can do: its parts, the speed of each engine and model, and which to use."""
