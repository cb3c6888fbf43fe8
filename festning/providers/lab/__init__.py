"""Real Debian machines on this box: systemd-nspawn over a shared base image, in a network namespace of their own.

Start at ``lab.Lab``. Same catalogs, same SSH, same checks as on real hosts; only kernel and disk are shared.
"""
