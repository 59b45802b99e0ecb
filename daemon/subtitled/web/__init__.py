"""The daemon's HTTP port: webhooks in, health and whatever text others hang up here."""
