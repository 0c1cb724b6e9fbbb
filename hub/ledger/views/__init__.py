"""What is shown of wallets: points at an instant, lots, activity; many wallets per round trip."""
