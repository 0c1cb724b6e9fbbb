"""What is told of operations to whoever runs the hub; each is a watcher of the view.

figures     counts, durations and costs, for Prometheus
names       which operations are told by name: those of published documents
slow        the log of slow operations
"""
