"""The server itself: its projects, operations, events and warnings."""
