"""Drills and their verdicts: faults with their heals, load, and history checkers. Nothing of it is built yet.

What is verified by looking is in each system's ``checks``.
"""
