"""The interview and the medicine, pure: no network, clock, environment, logging or Telegram."""
