"""The database: a MariaDB Galera cluster on the core hosts, with an arbitrator (garbd) on each arbiter.

``catalog`` says what is on a host, ``recovery`` how a cluster that does not run may be started, by a person or by
itself, ``checks`` what proves that it is healthy, ``flows`` who must reach whom, and ``health`` is the program on each
data node that answers "do you take the writes?".
"""
