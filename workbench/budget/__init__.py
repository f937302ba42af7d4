"""The split of a budget over creators: what it may bring, how sure, and the best plan."""
