"""Drills: which faults there are, what each asks of the fortress, and the verdict. Pure."""
