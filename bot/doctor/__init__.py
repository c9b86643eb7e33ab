"""`spinemets doctor`: looks at an installation, line by line, and changes nothing of it."""
