"""The playground: a local Bot API, as strict as Telegram's, and a phone-like page to play with."""
