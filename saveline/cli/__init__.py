"""The command line: one file a verb. Doors only: each builds the runtime, calls one action and prints what it returned."""
