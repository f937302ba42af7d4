"""A simulated market with known truth: it makes the bundled sample and the tests' worlds."""
