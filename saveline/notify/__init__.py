"""Wording notices and handing them to channels. Nothing here reads the database: facts come in, outcomes go out."""
