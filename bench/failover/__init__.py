"""Failover, measured: the same drills on festning and on the stack of 2014, one lab after the other.

Leaves what a drill is, and what is felt meanwhile, to ``festning.proof``; here is how often, on what, and the table.
"""
