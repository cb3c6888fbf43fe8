"""Load and history checkers: what people would feel, and whether the database keeps its word.

What is verified by looking is in each system's ``checks``.
"""
