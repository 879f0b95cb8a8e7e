"""The playbook language and the settings: from plain data to compiled values, with every problem placed and worded.

``shapes`` says what keys there are and what each holds (pydantic); ``compile`` checks the names and builds what the
engine runs. A problem carries file, line, column, what was expected and the nearest known word.
"""
