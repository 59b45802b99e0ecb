"""Configuration: TOML to typed settings and components, with an issue for every mistake."""
