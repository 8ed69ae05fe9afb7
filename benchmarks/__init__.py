"""How fast hyperkit is, beside its peers and beside the least that the work takes.

``python -m benchmarks`` measures everything on real servers; a module is a family of rows.
"""
