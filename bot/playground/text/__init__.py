"""Text, entities and keyboards, checked as Telegram does."""
