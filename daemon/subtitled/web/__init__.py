"""The HTTP port of the daemon: webhooks, health and metrics."""
