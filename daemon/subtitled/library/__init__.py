"""Libraries: scanning, watching, stability, availability, and the sidecars of moved files."""
