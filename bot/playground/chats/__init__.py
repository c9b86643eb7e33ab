"""Chats, members and messages, as they are stored."""
