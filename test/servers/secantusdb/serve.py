"""Runs SecantusDB on one loopback port, for the tests of the MongoDB adapter: serve.py PORT DIRECTORY [accounts].

It says that it is a replica set of one, as a mongod of one node does, and takes `configureFailPoint`. With accounts
it knows one, `root` with the password `root`, and nobody else may do anything. Prints its URL once
it listens, and ends with the standard input, and so with the process that holds its other end.
"""

import os
import sys

from pymongo import MongoClient
from secantus.server import SecantusDBServer

port, directory, *options = sys.argv[1:]


def start(port: int, require_auth: bool) -> SecantusDBServer:
    server = SecantusDBServer(
        host="127.0.0.1", port=port, storage_path=directory, cache_size="256M", require_auth=require_auth
    )
    server.start()
    return server


if "accounts" in options:
    # With accounts nobody may do anything until there is one, so it is made before; where it is there, it stays.
    before = start(0, False)
    with MongoClient(before.uri) as client:
        if not client.admin.command("usersInfo", "root")["users"]:
            client.admin.command("createUser", "root", pwd="root", roles=["root"])
    before.stop()
server = start(int(port), "accounts" in options)
print(server.uri, flush=True)
while sys.stdin.buffer.read(4096):
    pass
# As a crash does: its databases are thrown away, and what it has acknowledged is in its journal.
os._exit(0)
