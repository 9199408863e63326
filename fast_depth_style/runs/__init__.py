"""The folder of a run: settings, checkpoints, losses, progress, previews."""
