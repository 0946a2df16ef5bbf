"""What can be said about a network before any event: bounds, and plans that are certificates."""
