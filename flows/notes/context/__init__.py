"""What stands around a word of a note and changes what it means."""
