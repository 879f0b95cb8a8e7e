"""One function an intent, one transaction: load, decide, apply. Every door calls these."""
