"""Does what a Python program does with an EventStoreDB, and says what it got: one line of JSON after each step."""

import json
import sys

from kurrentdbclient import KurrentDBClient, NewEvent, StreamState
from kurrentdbclient.exceptions import (
    GrpcError,
    MaximumAppendSizeExceededError,
    NotFoundError,
    WrongCurrentVersionError,
)


def say(step, **what):
    print(json.dumps({"step": step, **what}), flush=True)


def described(event):
    return {
        "stream": event.stream_name,
        "version": event.stream_position,
        "id": str(event.id),
        "type": event.type,
        "data": event.data.decode("latin-1"),
        "metadata": event.metadata.decode("utf-8"),
        "contentType": event.content_type,
    }


def numbers(events):
    return [f"{event.stream_name}@{event.stream_position}" for event in events]


def error_of(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except (WrongCurrentVersionError, NotFoundError, MaximumAppendSizeExceededError, GrpcError) as error:
        return type(error).__name__
    return None


def event(number):
    return NewEvent(type="Numbered", data=json.dumps({"n": number}).encode(), metadata=b'{"from":"python"}')


def append(client):
    first = event(1)
    blob = NewEvent(type="Blob", data=b"\x00\xff\xfe", content_type="application/octet-stream")
    position = client.append_to_stream("python-1", current_version=StreamState.NO_STREAM, events=[first, blob])
    again = client.append_to_stream("python-1", current_version=StreamState.NO_STREAM, events=[first, blob])
    client.append_to_stream("python-1", current_version=1, events=event(3))
    client.append_to_stream("python-1", current_version=StreamState.ANY, events=event(4))
    client.append_to_stream("python-1", current_version=StreamState.EXISTS, events=event(5))
    client.append_to_stream("other-1", current_version=StreamState.ANY, events=event(6))
    stale = error_of(client.append_to_stream, "python-1", current_version=0, events=event(7))
    large = NewEvent(type="Large", data=b"x" * 1_100_000)
    too_large = error_of(client.append_to_stream, "python-1", current_version=StreamState.ANY, events=[large])
    say("appended", sameAgain=position == again, stale=stale, tooLarge=too_large)


def read(client):
    say(
        "read",
        first=[described(read) for read in client.get_stream("python-1", limit=2)],
        forwards=numbers(client.get_stream("python-1", stream_position=1)),
        backwards=numbers(client.get_stream("python-1", backwards=True, limit=2)),
        missing=error_of(client.get_stream, "none"),
        all=numbers(client.read_all()),
        allBackwards=numbers(client.read_all(backwards=True, limit=2)),
        ofType=numbers(client.read_all(filter_include=["Blo.*"])),
        ofStream=numbers(client.read_all(filter_include=["other-"], filter_by_stream_name=True, filter_by_prefix=True)),
        version=client.get_current_version("python-1"),
    )


def subscribe(client):
    subscription = client.subscribe_to_all(
        filter_include=["python-.*"], filter_by_stream_name=True, include_caught_up=True
    )
    heard = []
    for item in subscription:
        if type(item).__name__ == "CaughtUp":
            say("caughtUp", heard=heard)
            heard = []
            continue
        heard.append(f"{item.stream_name}@{item.stream_position}")
        if item.type == "Last":
            subscription.stop()
    say("live", heard=heard)
    resumed = client.subscribe_to_all(commit_position=client.get_commit_position() - 1)
    say("resumed", heard=numbers([next(resumed)]))
    resumed.stop()
    stream = client.subscribe_to_stream("python-1", stream_position=3)
    say("stream", heard=numbers([next(stream)]))
    stream.stop()


def main():
    client = KurrentDBClient(sys.argv[1])
    try:
        say("connected", target=client.connection_target)
        append(client)
        read(client)
        subscribe(client)
    finally:
        client.close()


main()
