import type { Parts } from './profile.ts';

/** Of what a rebuild consists, by the files that do it; the first that fits. */
export const rebuildParts: Parts = [
  ['scan', /\/(log-reader|followed-log|follow-log|live-feed|eventstoredb)\b|eventstore|grpc/],
  ['decode', /\/src\/events\/|\/node_modules\/zod\//],
  ['load', /\/row-loads\.ts$/],
  ['words', /\/search-words\.ts$/],
  ['hand over', /\/(row-values|name-keys|filling-[a-z]+|read-model-rows)\.ts$/],
  ['write rows', /\/(row-writes|bulk-insert|row-keys|name-writes|write-groups|document-writes|row-documents)\.ts$/],
  ['driver', /\/node_modules\/(mongodb|bson)\//],
  ['commit', /\/open-commits\.ts$/],
  ['fold', /\/(projected-rows|group-batch|rows-under-way|member-marks|group-ends)\.ts$|\/projections\/rows\//],
  ['project', /\/src\/projections\//],
];
