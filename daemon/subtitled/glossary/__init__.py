"""Names and terms, and who is told which of them."""
