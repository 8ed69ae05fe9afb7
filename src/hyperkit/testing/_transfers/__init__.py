"""What goes up, comes down, or goes to another server."""
