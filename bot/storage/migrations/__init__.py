"""The migrations, a file each in versions/; `python -m bot.storage.migrations "what changes"` drafts the next."""
