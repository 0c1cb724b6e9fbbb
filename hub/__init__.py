"""The hub: a cellar that everything stands on, and a roof that wires it together."""
