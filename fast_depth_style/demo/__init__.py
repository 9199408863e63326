"""The whole product on sample photos, in minutes and without network."""
