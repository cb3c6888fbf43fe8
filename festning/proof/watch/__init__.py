"""Watching a fortress while something is done to it: what its database and its tunnels are seen to be.

``watcher`` is a program for each host, standard library only; ``sights`` is pure. Starting the programs is left to a
workflow.
"""
