"""The only disk: strict YAML, CSV in and out, the workspace folder."""
