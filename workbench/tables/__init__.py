"""What the data are: canonical tables, engagement definitions, tier presets."""
