"""What each kind of update leads to: `registration.py` lists the handlers, a file beside it holds each kind."""
