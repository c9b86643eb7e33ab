"""What a team does to its cases, the same for every channel."""
