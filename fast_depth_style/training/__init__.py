"""The training step, the run folder, what one sees while it trains."""
