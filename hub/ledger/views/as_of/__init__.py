"""What the books held at an earlier instant: folded from the journal, never from what is now."""
