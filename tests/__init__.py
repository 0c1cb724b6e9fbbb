"""The tests, room by room; tests/architecture holds the rules of the house."""
