"""The page that paints photos in a browser; see docs/page.md."""
