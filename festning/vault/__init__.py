"""Makes and keeps the fortress's material: authorities, certificates, keys, passwords; encrypted with age at rest."""
