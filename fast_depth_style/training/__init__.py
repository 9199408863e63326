"""Training: build, step, optimizer, callbacks, settings."""
