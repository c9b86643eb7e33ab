"""What an answer does to a case, what is still possible, and what a team says of it."""
