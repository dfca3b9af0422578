import type { Change } from './changes.ts';
import { projectCommands } from './commands.ts';
import { projectGroups } from './groups.ts';
import { projectMarks } from './marks.ts';
import { projectMembers } from './members.ts';
import { projectMentions } from './mentions.ts';
import type { ProjectedEvent, Projection } from './projected-event.ts';
import { projectTimeline } from './timeline.ts';

/** Groups come last: a store that applies half of an event must not say that it holds all of it. */
const projections: readonly Projection[] = [
  projectMembers,
  projectTimeline,
  projectMentions,
  projectMarks,
  projectCommands,
  projectGroups,
];

/** Everything that an event changes in the read models, in the order in which it is to be applied. */
export function projectEvent(projected: ProjectedEvent): readonly Change[] {
  const changes: Change[] = [];
  for (const project of projections) {
    for (const change of project(projected)) changes.push(change);
  }
  return changes;
}
