"""A cluster of one member, and what clusters alone have."""
