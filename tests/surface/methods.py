"""The public methods of a client, by their names."""

import inspect

import hyperkit

METHODS = {
    name: method
    for name, method in inspect.getmembers(hyperkit.Client, inspect.isfunction)
    if not name.startswith("_")
}
