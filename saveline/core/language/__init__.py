"""The playbook language and the settings: from plain data to compiled values, with every problem placed and worded.

``words`` reads durations, people and questions, ``shapes`` says what keys there are and what each is for (pydantic);
``playbooks``, ``settings``, ``directory`` and ``cases`` check the names and build what the engine runs. A problem
carries file, line, column, what was expected and the nearest known word (``problems``). ``lints`` points out what
cannot have been meant, by trying out what can become of a play (``outlook``). ``schema`` and ``describe`` show the
language to editors and a play to people.
"""
