"""Pure functions of features, depth maps and pictures."""
