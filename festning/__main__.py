"""``python -m festning``."""

from festning.cli.main import main

main()
