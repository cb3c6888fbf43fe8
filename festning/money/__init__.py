"""What a fortress costs, from prices with a source and a day."""
