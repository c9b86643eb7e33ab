"""The page on which a person taps the spine: a Telegram Mini App, and who may send from it."""
