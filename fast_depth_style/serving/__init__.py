"""Exported models, each verified against its network."""
