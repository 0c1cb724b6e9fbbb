"""What Prometheus is told.

books       what the database says: audit, seals, windows, consumers, jobs
counted     what this process counted: the poster, the pool, requests, operations, jobs
page        the page: who may read it, and what is on it
port        a port of its own for it
"""
