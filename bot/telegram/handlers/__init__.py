"""What each kind of update leads to."""
