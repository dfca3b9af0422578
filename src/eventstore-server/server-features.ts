import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';

/** The version of EventStoreDB whose answers this server gives. */
const protocolVersion = '23.10.8';

/** Every method that is served, and what its messages may hold. Those that EventStoreDB has besides are left out. */
const methods: readonly (readonly [service: string, method: string, ...features: string[]])[] = [
  ['event_store.client.streams.streams', 'read', 'position', 'events'],
  ['event_store.client.streams.streams', 'append'],
  ['event_store.client.streams.streams', 'batchappend', 'deadline_duration'],
  ['event_store.client.gossip.gossip', 'read'],
  ['event_store.client.server_features.serverfeatures', 'getsupportedmethods'],
];

export function supportedMethods(): SupportedMethods {
  const answer = new features.SupportedMethods().setEventStoreServerVersion(protocolVersion);
  for (const [serviceName, methodName, ...names] of methods) {
    const method = new features.SupportedMethod().setServiceName(serviceName).setMethodName(methodName);
    answer.addMethods(method.setFeaturesList(names));
  }
  return answer;
}
