"""Where the points of an issue went while they stayed one person's, and what was taken back."""
