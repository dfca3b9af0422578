import { expect, test } from 'vitest';
import { createBacklogBudget } from '../../src/delivery/backlog-budget.ts';
import { createShownEvents, type LoggedEvent } from '../../src/delivery/shown-events.ts';
import type { GroupEvent } from '../../src/events/event.ts';
import { deleted, edited, sent } from '../commands/events.ts';

const share = () => {
  const { texts, changes } = createBacklogBudget();
  return { texts: texts.share(), changes: changes.share() };
};

const momentOf = (version: number): string => new Date(1_700_000_000_000 + version * 1_000).toISOString();

const at = (version: number, event: GroupEvent): LoggedEvent => ({
  ...{ kind: 'event', groupId: 'lunch', version, position: version, event },
  metadata: { correlationId: 'c', causationId: 'c', actorId: 'ada', at: momentOf(version) },
});

const thousand = (name: string) => name.padEnd(1_000, '.');

/** 300 messages, each edited to a thousand characters: more than one subscriber may hold. */
function noteTooMuch() {
  const shownEvents = createShownEvents(share());
  const edits = Array.from({ length: 300 }, (_, seq) => at(1_000 + seq, edited(seq, thousand(`${seq}`))));
  for (const edit of edits) shownEvents.note(edit);
  return { shownEvents, edits };
}

test('texts are held up to a bound; beyond it the event that has the text is named, and taken when it was read', () => {
  const { shownEvents, edits } = noteTooMuch();
  expect(shownEvents.show(at(10, sent(1, 'ada')))).toMatchObject({ event: { data: { text: thousand('1') } } });
  const late = at(11, sent(299, 'ada'));
  expect(shownEvents.show(late)).toEqual({ missing: 1_299 });
  expect(shownEvents.show(late, edits[298])).toEqual({ missing: 1_299 });
  expect(shownEvents.show(late, edits[299])).toMatchObject({
    version: 11,
    event: { data: { text: thousand('299'), editedAt: momentOf(1299), deletedAt: null } },
  });
});

test('whether everybody is mentioned is said by the newest edit that speaks of it', () => {
  const shownEvents = createShownEvents(share());
  const shown = () => shownEvents.show(at(10, sent(1, 'ada')));
  expect(shown()).toMatchObject({ event: { data: { mentionsAll: false } } });
  shownEvents.note(at(20, edited(1, '@all', true)));
  expect(shown()).toMatchObject({ event: { data: { text: '@all', mentionsAll: true } } });
  const earlier = { messageId: 'm-1', seq: 1, text: 'by an earlier release', mentionsAll: null };
  shownEvents.note(at(21, { type: 'MessageEdited', data: earlier }));
  expect(shown()).toMatchObject({ event: { data: { text: 'by an earlier release', mentionsAll: true } } });
  shownEvents.note(at(22, edited(1, 'nobody')));
  expect(shown()).toMatchObject({ event: { data: { mentionsAll: false } } });
});

test('what was forgotten makes room', () => {
  const { shownEvents } = noteTooMuch();
  shownEvents.forgetBefore(1_299);
  for (let seq = 400; seq < 600; seq += 1) shownEvents.note(at(2_000 + seq, edited(seq, thousand(`${seq}`))));
  expect(shownEvents.show(at(12, sent(599, 'ada')))).toMatchObject({ event: { data: { text: thousand('599') } } });
});

test('a message that is edited again and again takes the room of one text', () => {
  const shownEvents = createShownEvents(share());
  for (let edit = 0; edit < 1_000; edit += 1) shownEvents.note(at(100 + edit, edited(1, thousand(`${edit}`))));
  expect(shownEvents.show(at(10, sent(1, 'ada')))).toMatchObject({ event: { data: { text: thousand('999') } } });
  shownEvents.note(at(2_000, deleted(1)));
  expect(shownEvents.show(at(10, sent(1, 'ada')))).toMatchObject({
    event: { data: { text: null, deletedAt: momentOf(2000) } },
  });
});
