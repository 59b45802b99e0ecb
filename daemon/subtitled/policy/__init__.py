"""The policy: coverage, requirements and decisions."""
