"""Who calls: users and their sessions, API keys, the token of webhooks, and named proxies."""
