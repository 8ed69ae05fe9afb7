"""From a request to its answer, and what all chapters share."""
