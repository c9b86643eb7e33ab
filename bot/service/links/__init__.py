"""Signed links and offers: read a case in private, share one with a group, delete a message."""
