import fc from 'fast-check';

/** Chosen per run, or taken from the environment to repeat a run. fast-check also prints it with a counterexample. */
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
console.info(`properties of this file run with SEED=${seed}`);

/** Where each run takes its time, a property gets fewer of them: see test/servers/use-servers.ts. */
const share = Number(process.env['PROPERTY_RUNS_SHARE'] ?? 1);

/** Asserts a property that is checked at once. */
export function assertProperty<Values>(property: fc.IProperty<Values>, parameters: fc.Parameters<Values> = {}): void {
  fc.assert(property, { seed, numRuns: 300, ...parameters });
}

/** Asserts a property whose check awaits something. */
export async function assertAsyncProperty<Values>(
  property: fc.IAsyncProperty<Values>,
  parameters: fc.Parameters<Values> = {},
): Promise<void> {
  await fc.assert(property, { seed, ...parameters, numRuns: Math.ceil((parameters.numRuns ?? 100) * share) });
}
