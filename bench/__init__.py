"""Measurements: printed, never asserted. Run one with ``python -m bench.NAME`` as root."""
