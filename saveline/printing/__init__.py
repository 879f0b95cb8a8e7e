"""A finished page of a report as a file: HTML, PDF, and its figures as a table. Nothing is decided or counted here."""
