"""The pages: rendered here, from templates, so that they work without JavaScript."""
