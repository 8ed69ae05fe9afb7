"""The chapters of the API: one file each, public methods in alphabetical order."""
