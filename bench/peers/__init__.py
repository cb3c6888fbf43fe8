"""Other tools doing the same work, from the same compiled catalogs, so that festning's speed has something beside it.

``workload`` says what is to be done in terms that every tool has; ``ansible`` and ``pyinfra`` say it in theirs, as
someone who knows the tool would for speed. What only festning does is left out of the peers' work, to their advantage:
steps, gates, purged directories, validators and everything that makes a change safe to interrupt.
"""
