"""What a fortress is made of: one room for each system, with its catalog, flows, facts, checks and templates.

Rooms do not know each other. What one needs of another is handed over by ``workflows``.
"""
