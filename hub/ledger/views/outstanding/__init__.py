"""Points outstanding, now or at an instant: `store` has all of it."""
