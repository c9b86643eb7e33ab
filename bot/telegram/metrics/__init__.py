"""What `/metrics` shows: counts of what the bot does, and how fast; never a person, a chat or a case."""
