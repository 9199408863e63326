"""Programs that train the networks the package carries."""
