import type { AppendReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { handleClientStreamingCall } from '@grpc/grpc-js';
import type { AppendOutcome } from './append-responses.ts';
import type { AppendToLog } from './append-to-log.ts';
import { type ServerState, statusOf } from './calls.ts';
import { expectedByAppend } from './expected-version.ts';
import { answerHeaders, okTrailers } from './headers.ts';
import { proposedEvents } from './proposed-events.ts';
import { invalidArgument } from './refusals.ts';
import { readStreamName } from './stream-name.ts';

/** Streams.Append: options, then events, then one answer. A wrong version is an answer, not an error. */
export function handleAppend(
  appendToLog: AppendToLog,
  state: ServerState,
): handleClientStreamingCall<AppendReq, AppendOutcome> {
  return (call, callback) => {
    append(appendToLog, call)
      .then((outcome) => {
        call.sendMetadata(answerHeaders());
        callback(null, outcome, okTrailers());
      })
      // A client that has gone ends the reading of its events with an error, which is nobody's fault.
      .catch((error: unknown) => callback(statusOf(error, false, call.cancelled ? () => {} : state.onFault)))
      .catch(state.onFault);
  };
}

async function append(appendToLog: AppendToLog, requests: AsyncIterable<AppendReq>): Promise<AppendOutcome> {
  let options: AppendReq.Options | undefined;
  const proposed = proposedEvents();
  for await (const request of requests) {
    const event = request.getProposedMessage();
    if (options === undefined) {
      options = request.getOptions();
      if (options === undefined) throw invalidArgument('an append begins with its options');
    } else if (event === undefined) {
      throw invalidArgument('an append has options once, and then events');
    } else {
      proposed.add(event);
    }
  }
  if (options === undefined) throw invalidArgument('an append begins with its options');
  const streamName = readStreamName(options.getStreamIdentifier());
  return appendToLog(streamName, expectedByAppend(options), proposed.events);
}
