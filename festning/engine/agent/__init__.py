"""The program that goes down an SSH connection, does its work on the host and leaves nothing running.

Standard library only, for the Python of Debian 12 (3.11) and later, and started as ``python3 -I -S``; what is imported
here is paid for on every look at every host, so ``subprocess``, ``typing`` and ``dataclasses`` are left out on purpose.
``engine.bundle`` joins the modules that a verb needs into one text. Nothing in here knows any program by name but those
of Debian itself (systemctl, dpkg, apt, mount).
"""
