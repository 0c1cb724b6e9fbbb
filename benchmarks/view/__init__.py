"""What the view of the API costs: `python -m benchmarks.view requests`, and `sockets`.

Servers run as processes of their own, without a database: what is measured is the way from the
wire to a resolver and back.
"""
