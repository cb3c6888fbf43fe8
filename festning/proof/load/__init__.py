"""Load on a running fortress, and the account of it: what was asked, what came of it, and what was acknowledged.

The programs ``visitors`` and ``session`` run on machines of the lab, standard library only (and PyMySQL where a data
node has it); ``account`` is pure. Who starts the programs, and where, is left to a workflow.
"""
