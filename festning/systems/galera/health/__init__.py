"""The program on each data node that says whether the node takes the writes, and takes the writer's token when it must.

Installed as the package ``galera_health`` and run with the distribution's Python: it imports the standard library and
PyMySQL only, and nothing else of festning's.
"""
