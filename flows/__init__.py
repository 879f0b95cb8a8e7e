"""Prefect's doors: each builds the runtime, calls one action and shows what came of it.

Every flow is short, idempotent, and may be late, doubled or killed at any line: what it works on is a row in our own
database. Deployed by module path (``flows.advance.advance``), never by file.
"""
