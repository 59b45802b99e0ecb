"""What leaves the machine, and its price: allowed, reckoned and written down before it does."""
