"""What an operation costs, said before it runs, and how much of it each client may use.

weights    what each field of the schema weighs, read from its directives
pricing    from an operation to a function of its variables
buckets    the leaky bucket of a client, in whole numbers
gate       asks the bucket before an operation runs
usage      which client uses which field
settings   how large buckets are
tables, store   where buckets and uses lie

The directives themselves are in `schema.directives`, the limits of documents in `schema.limits`.
"""
