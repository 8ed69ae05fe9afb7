"""The server itself, its projects and its warnings."""
