"""Messages to Telegram: queued, paced, sent again."""
