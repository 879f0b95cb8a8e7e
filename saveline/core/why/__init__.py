"""Why: the lines behind every due moment, assignment, choice of play, score and step of a ladder.

Nothing here is kept anywhere. A derivation is computed anew from the deal's history, event by event, with people and
account as they are now. Where that no longer gives the moment that was computed then, it says so.
"""
