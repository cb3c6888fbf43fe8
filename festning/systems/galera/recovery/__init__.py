"""How a group that does not run is formed again: decided from what every data node says of itself.

``observation`` is what a data node says, ``formation`` the decision, ``attempt`` what the data nodes do about it by
themselves. They carry these modules with them, so these import nothing but each other.
"""
