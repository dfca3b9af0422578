import { GraphQLError } from 'graphql';
import { expect, test, vi } from 'vitest';
import { ApiError, clientError } from '../../src/api/error-table.ts';
import { createRefusedRequests } from '../../src/api/refused-requests.ts';
import { UndecodableEvent } from '../../src/events/codec.ts';
import { AppendUnknown, LogRefused, LogUnavailable } from '../../src/ports/event-log.ts';
import { GroupHalted } from '../../src/ports/halted-groups.ts';
import { ReadModelsUnavailable } from '../../src/ports/read-model-faults.ts';

test('a reason is one line of the log, and one a minute that counts the others, as long as it lasts', () => {
  let now = 0;
  const warn = vi.fn();
  const refused = createRefusedRequests({ warn }, () => now);
  for (let index = 0; index < 1_000; index += 1) refused.met(new ReadModelsUnavailable('away'));
  expect(warn.mock.calls).toEqual([[{ reason: 'ReadModelsUnavailable: away', requests: 1 }, 'requests are refused']]);
  refused.met(new LogUnavailable('away'));
  expect(warn).toHaveBeenCalledTimes(2);
  now = 59_999;
  refused.met(new ReadModelsUnavailable('away'));
  expect(warn).toHaveBeenCalledTimes(2);
  now = 60_000;
  refused.met(new ReadModelsUnavailable('away'));
  expect(warn.mock.lastCall?.[0]).toEqual({ reason: 'ReadModelsUnavailable: away', requests: 1_001 });
});

test('reasons that differ each time are not kept for ever', () => {
  const warn = vi.fn();
  const refused = createRefusedRequests({ warn }, () => 0);
  for (let index = 0; index < 21; index += 1) refused.met(new LogUnavailable(`attempt ${index}`));
  expect(warn).toHaveBeenCalledTimes(21);
  refused.met(new LogUnavailable('attempt 20'));
  expect(warn).toHaveBeenCalledTimes(21);
  refused.met(new LogUnavailable('attempt 0'));
  expect(warn).toHaveBeenCalledTimes(22);
});

const wrapped = (originalError: Error) => new GraphQLError('in a resolver', { originalError });

test.each([
  ['known', new ReadModelsUnavailable('away')],
  ['known', wrapped(new LogUnavailable('away'))],
  ['known', new LogRefused('wrong credentials')],
  ['known', new AppendUnknown('who knows')],
  ['known', new GroupHalted({ groupId: 'g', position: 1, reason: 'not JSON' })],
  ['defect', new UndecodableEvent('not JSON')],
  ['defect', new TypeError('undefined is not a function')],
  ['defect', wrapped(new RangeError('too long'))],
  ['refusal', new ApiError('GROUP_NOT_FOUND', 'There is no such group.')],
  ['refusal', new GraphQLError('Syntax Error')],
])('what the log is told of an error: it is a %s for %s', (kind, error) => {
  expect(clientError(error).cause.kind).toBe(kind);
});
