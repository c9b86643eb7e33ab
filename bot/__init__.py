"""The channels and the outside world: commands, settings, stores, Telegram, the terminal, the playground."""
