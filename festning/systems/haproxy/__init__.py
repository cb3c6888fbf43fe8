"""HAProxy: the front door of cores and edges, and the way to the database on every host that needs one."""
