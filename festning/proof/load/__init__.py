"""Load on a running fortress: programs that make it, and the books of what they did.

``visitors``, ``sessions`` and ``minority`` (with ``telling`` and ``statements``) run on machines of the fortress, with
the standard library only, and PyMySQL where a data node has it. ``hearing`` and ``books`` make histories of what they
tell, and have them judged; both are pure. Who starts the programs, and where, is left to a workflow.
"""
