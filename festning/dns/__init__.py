"""The records of the services' names: which addresses answer for them, in which formats, and what a zone lacks of it.

Leaves asking the front doors, and the clock, to ``workflows``; only ``zones`` talks to anybody.
"""
