"""What can be said about the numbers of a network before any event: the least and the greatest of each."""
