"""The egress gate, prices and budgets."""
