"""What happens to a case, the same for every channel."""
