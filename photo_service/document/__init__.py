"""Facts of a page of paper: where it lies, which way it reads, what it is, how well it shows."""
