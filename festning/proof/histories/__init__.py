"""What a load did, as histories of operations, and pure checkers that say whether the database kept its word.

``operation`` has the words; each checker is a module of its own, and ``judging`` runs them. Nothing here knows how
operations were carried out, or what was broken meanwhile.
"""
