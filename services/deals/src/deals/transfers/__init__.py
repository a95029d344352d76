"""What deals does for a transfer of a person's open work: its open deals pass to the successors."""
