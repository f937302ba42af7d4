"""Audience quality: which accounts look odd, and what share of the followers is not real."""
