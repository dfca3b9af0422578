#!/bin/sh
# Makes the key by which the members of MongoDB's replica set know each other, once.
set -eu
[ ! -f /keys/mongodb.key ] || exit 0
umask 077
head -c 512 /dev/urandom | base64 > /keys/new
chmod 0400 /keys/new
# The user `mongodb` of its image, which refuses a key that anybody else may read.
chown 999:999 /keys/new
mv /keys/new /keys/mongodb.key
