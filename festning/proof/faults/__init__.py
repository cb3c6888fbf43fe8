"""Faults, each with its heal and with what proves that it took hold and that it is gone. Pure: nothing is done here.

A fault is made of scripts for hosts and of what only a provider can do (power, a site's network). Names of units and
files come from :class:`parts.Parts`, so that no fault knows how a system lays itself out. Who carries them out is a
workflow's business.
"""
