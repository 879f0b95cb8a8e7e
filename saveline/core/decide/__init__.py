"""Decisions: ``facts + intent + moment → events and notices``. Every rule of the engine is here."""
