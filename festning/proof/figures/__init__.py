"""What outcomes come to, in figures: gaps, doors, and a timeline. Pure: outcomes and moments in, numbers out.

What a figure has to be is the drill's to say, and how it looks is ``report``'s.
"""
