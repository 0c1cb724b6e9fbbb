"""Lists of lots and entries, a page at a time: every statement reads as far as its page only."""
