"""What people and the bot do in the simulated Telegram."""
