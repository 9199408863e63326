"""Stylizes photos, folders and videos."""
