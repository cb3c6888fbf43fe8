"""The documents that travel between rooms: typed, frozen, and without I/O but the loading of ``fortress.yaml``."""
