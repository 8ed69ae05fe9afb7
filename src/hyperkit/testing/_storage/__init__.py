"""Storage pools, volumes and buckets."""
