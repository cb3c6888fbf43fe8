"""``python -m festning``."""

from festning.cli.start import main

main()
