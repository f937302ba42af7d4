"""What the benchmark of many reports stands on: its clients, its report notebook, its floor."""
