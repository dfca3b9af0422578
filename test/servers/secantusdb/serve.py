"""Runs SecantusDB on one loopback port, for the tests of the MongoDB adapter: serve.py PORT DIRECTORY.

It says that it is a replica set of one, as a mongod of one node does, and takes `configureFailPoint`. Prints its URL once
it listens, and ends with the standard input, and so with the process that holds its other end.
"""

import os
import sys

from secantus.server import SecantusDBServer

port, directory = sys.argv[1:]
server = SecantusDBServer(host="127.0.0.1", port=int(port), storage_path=directory, cache_size="256M")
server.start()
print(server.uri, flush=True)
while sys.stdin.buffer.read(4096):
    pass
# As a crash does: its databases are thrown away, and what it has acknowledged is in its journal.
os._exit(0)
