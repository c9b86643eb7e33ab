"""The Telegram adapter: updates in, desired screens out."""
