"""nginx: the web server behind the front door."""
