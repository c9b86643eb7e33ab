"""The migrations, one file each in versions/; `python -m bot.store.migrations "what changes"` drafts the next one."""
