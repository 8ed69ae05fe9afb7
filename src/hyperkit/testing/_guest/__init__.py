"""What runs within an instance: its files, its shell, its commands."""
