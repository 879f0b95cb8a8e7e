"""The door for browsers, Slack and other systems: signed pages now, and the place where the board will stand."""
