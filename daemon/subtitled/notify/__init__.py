"""Delivery of events to media servers, notifiers and the hooks of plugins."""
