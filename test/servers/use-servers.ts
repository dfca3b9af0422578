import { inject } from 'vitest';
import type { TestedMongo } from './test-projects.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly mongoKind: TestedMongo;
    readonly mongoUrl: string;
    readonly eventStoreUrl: string;
  }
}

// Each project has servers of its own, and its tests find them as a process in production would.
process.env['HIGHWATER_EVENTSTORE_URL'] = inject('eventStoreUrl');
process.env['HIGHWATER_MONGODB_URL'] = inject('mongoUrl');

// It is written in Python and three times as slow as the others: the random histories are looked at on those.
if (inject('mongoKind') === 'secantusdb') process.env['PROPERTY_RUNS_SHARE'] = '0.1';
