"""The command line, one file a verb: each builds the runtime, calls one action and prints what it returned."""
