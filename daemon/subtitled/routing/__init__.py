"""Who makes what, and by which way: pure decisions over what is configured."""
