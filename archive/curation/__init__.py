"""What named people add: accounts, labels, watch lists."""
