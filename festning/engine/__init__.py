"""Observes a host, plans and applies any catalog. Has never heard of what the catalogs are for.

``Connections`` reach hosts; ``observe`` looks; ``plan_host`` compares (pure); ``apply`` changes; ``probes.run``
verifies.
"""
