"""Programs that checks run on hosts: single files of the standard library (Python 3.11), given on standard input."""
