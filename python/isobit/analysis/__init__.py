"""What can be said about a network: bounds, plans with certificates, witnesses of overflow, profiles."""
