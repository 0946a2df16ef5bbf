"""A menu of look-alikes of deployed networks: their projects, the classes around them, and how each is sabotaged."""
