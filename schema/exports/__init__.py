"""Lists as JSON lines: what their lines say, and the way to them over HTTP.

lines         a list that has an end, and its lines as bytes
rows          what a line says
names         what places are called: by lane and number, or by ids of one audience
download      `GET /exports/...`, and how it goes on after a break
paying        what a download costs, page by page
packing       the bytes of a download: lines put together, as they are or in gzip
"""
