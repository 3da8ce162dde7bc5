"""What one destination needs beyond YAML, a folder for each integration, registered as data."""
