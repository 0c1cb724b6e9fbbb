"""Who does the work: the poster, and what it is compared with (statements, function, mapper)."""
