"""A campaign from brief to plan: where the tables of curves, audience and budget are joined."""
