"""A demo on sample photos, in minutes and without internet."""
