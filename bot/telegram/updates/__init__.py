"""An update reduced to codes, before anything reaches the disk."""
