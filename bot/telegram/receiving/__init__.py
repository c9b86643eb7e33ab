"""Updates from Telegram, stored before they are handled."""
