"""What every Python service of these systems has alike: settings, logs, metrics, probes, problems, the database."""
