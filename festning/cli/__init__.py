"""Arguments, progress, tables and exit codes: what a person or a script meets."""
