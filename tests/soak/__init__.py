"""A long random run against real processes that are killed, frozen, cut off and lied to about time.

scene       what all processes share: places, wallets, partners, the clock
orders      what a client asks for, and how a hub answers it
drawing     which orders a client thinks of
journal     what a client asked and was told, on disk before it goes on
gateway     the same orders and answers, in GraphQL over HTTP
client      a process that asks, and never forgets
server      `hub serve`: a process that answers over HTTP
poster      a process that answers without an API, and can be left at any await
work        `hub work`: a process that does the jobs, and consumers whose effects are counted
stage       PostgreSQL and the processes: started, killed, started again
harm        what is done to them
verdict     what must hold, whatever was done to them
report      how it went, as JSON and as a table
__main__    one run: `python -m tests.soak --seed 7 --seconds 60`
"""
