"""Thin command-line programs, one per verb."""
