"""The web server, asked over HTTP and in a real browser."""
