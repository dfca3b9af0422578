#!/bin/sh
# Makes a private certificate authority and a certificate for each event store, once. `RENEW=1` makes the nodes' anew
# with the same authority. /authority never leaves this container; /nodes is for the event stores, /public for everybody.
set -eu
cd /authority

if [ ! -f ca/ca.key ]; then
  rm -rf ca
  es-gencert-cli create-ca -days 3650 -out ca
fi
rm -f /public/ca.crt
cp ca/ca.crt /public/ca.crt
chmod 0444 /public/ca.crt

for node in eventstore-1 eventstore-2 eventstore-3; do
  if [ "${RENEW:-}" = 1 ] || [ ! -f "$node/node.key" ]; then
    rm -rf "$node"
    es-gencert-cli create-node -ca-certificate ca/ca.crt -ca-key ca/ca.key -days 365 \
      -dns-names "$node,localhost" -ip-addresses 127.0.0.1 -out "$node"
  fi
  mkdir -p "/nodes/$node"
  for file in node.crt node.key; do
    rm -f "/nodes/$node/$file"
    cp "$node/$file" "/nodes/$node/$file"
    chmod 0400 "/nodes/$node/$file"
    # The event store's own user in its image.
    chown 1000:1000 "/nodes/$node/$file"
  done
done
