"""What many edges cost: a hub's limits, plans and applies as edges grow, and scaling to ten of them."""
