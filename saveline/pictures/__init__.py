"""Pictures of plays: what is drawn is decided in the core, how wide and where is decided here."""
