"""Instances, and the profiles that they are made by."""
