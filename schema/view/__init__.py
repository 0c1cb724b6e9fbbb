"""The view: GraphQL over HTTP, over event streams and over sockets, to the letter.

asgi        the one application; http, streams and sockets are what it speaks
negotiation, asked, messages, framing, incremental    what is accepted, asked for, said, and how
            answers are cut: values in, values out
documents   a document made ready once: parsed, validated, priced; shelf keeps them
engine, bodies    from what is asked to what is answered; runs counts what that takes, executors are
            those of graphql-core
callers, gate, watching    seams: who calls, what it costs, who looks on
presence    who is connected, and what happens to them when the hub stops
"""
