"""Cards as Telegram's HTML, buttons and names."""
