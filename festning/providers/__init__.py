"""Makes and finds machines, and says how to reach each of them over SSH.

Knows one provider a module: ``static`` (machines that exist already) and ``lab`` (real Debian machines on this box).
``interface`` is what every provider has. Leaves what runs on a machine to ``systems``, and bringing it there to
``engine``.
"""
