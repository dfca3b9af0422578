import type { Asker } from './askers.ts';
import { foreignMutations, forgedCursors, subjectsOf, type Variables, variablesOf } from './questions.ts';
import { insiders, type Scene } from './scene.ts';
import { type Operation, schemaDocuments, type WalkDocument } from './schema-documents.ts';
import type { Secrets } from './secrets.ts';

export interface Walked {
  readonly asked: number;
  readonly problems: readonly string[];
  /** Each question with its answer, as text. */
  readonly answers: ReadonlyMap<string, string>;
  /** `Type.field` of each leaf that somebody was shown. */
  readonly shown: ReadonlySet<string>;
}

export interface WalkOptions {
  readonly url: string;
  readonly scene: Scene;
  readonly secrets: Secrets;
  readonly random: () => number;
  readonly operations: readonly Operation[];
  /**
   * All documents with each leaf alone, as everybody, and on below a root field that has been refused. Otherwise each object
   * with all of its leaves and nothing below a refusal. Cursors are drawn.
   */
  readonly exhaustive: boolean;
}

const requestsAtOnce = 16;
const unexpected = 'Something unexpected went wrong';

interface Question {
  readonly document: Pick<WalkDocument, 'root' | 'leaves'>;
  readonly query: string;
  readonly variables: Variables;
  /** With a cursor that is refused whatever one's rights are. */
  readonly forged?: boolean;
}

/** Asks everything as one asker, and looks in each answer for what they may not be shown. */
export async function walk(options: WalkOptions, asker: Asker): Promise<Walked> {
  const { secrets } = options;
  const problems: string[] = [];
  const answers = new Map<string, string>();
  const shown = new Set<string>();

  /** True when the root field itself was refused: then nothing below it is ever reached. */
  async function isRefused({ document, query, variables }: Question): Promise<boolean> {
    const since = secrets.now();
    const request = JSON.stringify({ query, variables });
    const answer = await post(options.url, asker.authorization, request);
    answers.set(request, answer);
    const leaks = secrets.leaks(asker.userId, since, request, answer);
    if (leaks.length > 0) problems.push(`${asker.name} is shown ${leaks.join(', ')} by ${request}: ${answer}`);
    if (answer.includes(unexpected)) problems.push(`${asker.name} breaks something with ${request}: ${answer}`);
    const type = document.leaves[0]?.split('.')[0] ?? '';
    if (answer.includes(`"__typename":"${type}"`)) for (const leaf of document.leaves) shown.add(leaf);
    const { errors, data } = JSON.parse(answer) as {
      readonly errors?: readonly { readonly path?: readonly unknown[] }[];
      readonly data?: Readonly<Record<string, unknown>> | null;
    };
    // A node that may not be seen is null without an error, and another type's is an object without anything of this one.
    if (document.root === 'node' && !answer.includes(`"__typename":"${type}"`)) return data?.['node'] === null;
    return errors?.some(({ path }) => path === undefined || path.length <= 1) ?? false;
  }

  await inParallel(linesOfQuestions(options, asker), async (questions) => {
    for (const question of questions) {
      const refused = await isRefused(question);
      if (refused && question.forged !== true && !options.exhaustive) break;
    }
  });
  return { asked: answers.size, problems, answers, shown };
}

/** Questions that are asked one after the other: those below one root field about one subject. */
function linesOfQuestions(options: WalkOptions, asker: Asker): readonly (readonly Question[])[] {
  const { scene, operations, exhaustive } = options;
  const documents = operations.flatMap((operation) => schemaDocuments(operation, { eachLeafAlone: exhaustive }));
  const forged = forgedCursors(scene);
  // In short, of what members are shown of an order that changes nothing a part is enough: queries show it as well.
  const isMember = asker.userId !== undefined && insiders.some((person) => person === asker.person);
  const isLeftOut = ({ operation }: WalkDocument, index: number) =>
    !exhaustive && isMember && operation === 'mutation' && index > 0 && options.random() < 0.75;
  const branches = Map.groupBy(documents, ({ root, branch }) => `${root} ${branch}`);
  const lines = [...branches.values()].flatMap((below) => {
    const [first] = below;
    if (first === undefined || leaves(first.root, asker)) return [];
    return subjectsOf(first, scene, asker.person).map((subject) =>
      below
        .filter((document, index) => !isLeftOut(document, index))
        .flatMap((document): Question[] => [
          { document, query: document.query, variables: variablesOf(document, subject, scene) },
          ...withCursors(document, variablesOf(document, subject, scene), draw(forged, options.random)),
        ]),
    );
  });
  const foreign = operations.includes('mutation') ? foreignMutations(scene, asker.person) : [];
  return [...lines, ...foreign.map((question) => [{ document: { root: 'foreign', leaves: [] }, ...question }])];
}

/** The one mutation that could not be ordered by a member without changing what the walk is about. */
const leaves = (root: string, { person, userId }: Asker): boolean =>
  root === 'leaveGroup' && userId !== undefined && [...insiders, 'fay', 'lee'].includes(person);

function withCursors(document: WalkDocument, subject: Variables, cursors: readonly string[]): Question[] {
  return cursors.flatMap((cursor) =>
    document.cursors.map((name) => {
      return { document, query: document.query, variables: { ...subject, [name]: cursor }, forged: true };
    }),
  );
}

/** One of them, or none. */
function draw<Item>(items: readonly Item[], random: () => number): readonly Item[] {
  const drawn = items[Math.floor(random() * items.length * 3)];
  return drawn === undefined ? [] : [drawn];
}

export async function post(url: string, authorization: string | undefined, body: string): Promise<string> {
  const headers = { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
  return response.text();
}

async function inParallel<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
  const pending = [...items];
  const worker = async () => {
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) await act(next);
  };
  await Promise.all(Array.from({ length: requestsAtOnce }, worker));
}

/**
 * Asks what waits for the read models to reach `atLeast`, and looks at the answers whenever they come: what was asked as a
 * member may be answered as to a member, but holds nothing from after they left.
 */
export async function askUnderWay(
  options: Pick<WalkOptions, 'url' | 'scene' | 'secrets'> & { readonly atLeast: number },
  asker: Asker,
): Promise<{ readonly asked: number; readonly problems: readonly string[] }> {
  const since = options.secrets.now();
  const documents = schemaDocuments('query', { eachLeafAlone: false }).filter(({ rootArguments }) =>
    rootArguments.includes('atLeast'),
  );
  const { vault } = options.scene.groups;
  const requests = documents.flatMap(({ root, query }) =>
    subjectsOf({ operation: 'query', root, branch: undefined }, options.scene, asker.person)
      .filter(({ groupId = vault }) => groupId === vault)
      .map((subject) => JSON.stringify({ query, variables: { ...subject, atLeast: String(options.atLeast) } })),
  );
  const problems = await Promise.all(
    requests.map(async (request) => {
      const answer = await post(options.url, asker.authorization, request);
      const leaks = options.secrets.leaks(asker.userId, since, request, answer);
      return leaks.map((leak) => `${asker.name} is shown ${leak} by ${request}: ${answer}`);
    }),
  );
  return { asked: requests.length, problems: problems.flat() };
}
