"""What events do to a network: overflows, saturations and rounding losses, counted by layer and neuron."""
