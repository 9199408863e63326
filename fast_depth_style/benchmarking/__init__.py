"""How fast this project is, as ratios against others in the same run."""
