"""How many edges a group should have: a decision from measurements. Leaves measuring and acting to others."""
