"""Zones at providers, through libcloud. Imported only when a zone is opened: other verbs do without its weight."""
