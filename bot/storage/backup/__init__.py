"""Backups: one SQLite file, whichever database it is of, so that either database can be restored from it."""
