"""Judges the declared fortress: each rule is a pure function from a fortress to findings."""
