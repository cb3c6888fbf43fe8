"""The firewall: deny by default, compiled from the flows that the fortress declares."""
