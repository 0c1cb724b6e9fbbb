"""The journal as what moved: points of one lot, or money, each with the entry it belongs to."""
