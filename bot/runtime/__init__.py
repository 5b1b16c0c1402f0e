"""What keeps the processes together: bus, Redis, locks, child processes, metrics, traces."""
