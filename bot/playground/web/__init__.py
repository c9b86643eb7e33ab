"""The page's own protocol."""
