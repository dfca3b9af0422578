import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

export const root = join(import.meta.dirname, '..', '..');
export const readText = (path: string): string => readFileSync(join(root, path), 'utf8');

const dependency = z.object({ condition: z.string() });
const service = z.object({
  image: z.string(),
  build: z.string().optional(),
  profiles: z.array(z.string()),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  networks: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), dependency).default({}),
  healthcheck: z.object({ test: z.tuple([z.literal('CMD')], z.string()) }).optional(),
  restart: z.string(),
  init: z.boolean().optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  stop_grace_period: z.string().optional(),
});

export type Service = z.infer<typeof service> & { readonly name: string };

const composeFile = z.object({
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.unknown()),
  volumes: z.record(z.string(), z.unknown()),
});

export const composeText = readText('docker-compose.yml');
/** With anchors and merges put in place, as Compose reads it. */
export const composeDocument: unknown = parse(composeText, { merge: true });
export const compose = composeFile.parse(composeDocument);
export const services: readonly Service[] = Object.entries(compose.services).map(([name, rest]) => ({ name, ...rest }));
export const inProfile = (profile: string): readonly Service[] =>
  services.filter(({ profiles }) => profiles.includes(profile));

export function findService(name: string): Service {
  const found = services.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

/** Highwater's own processes, in both profiles. */
export const processes = services.filter(({ image, entrypoint }) => image.startsWith('highwater:') && !entrypoint);
/** Run to their end before others start. */
export const oneShots = services.filter(({ restart }) => restart === 'no');

/** What stands in for a variable in `${NAME}`, `${NAME:-default}` or `${NAME:?message}`. */
export const variable = /\$\{(\w+)(?::?([-?+])([^}]*))?\}/g;

/** Puts the variables' values in, as Compose does. */
export function interpolate(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(variable, (_whole, name: string, _operator, fallback = '') => values[name] || fallback);
}

/** A process's whole environment: the image's, then the service's. */
export function environmentOf({ environment }: Service, values: Readonly<Record<string, string>>) {
  const own = Object.entries(environment).map(([name, text]) => [name, interpolate(text, values)] as const);
  return { ...imageEnvironment(), ...Object.fromEntries(own) };
}

/** The names and values of .env.example. */
export const exampleValues: Readonly<Record<string, string>> = Object.fromEntries(
  [...readText('.env.example').matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
);

/** Settings of which not every text is one. */
const formed: Readonly<Record<string, string>> = {
  HIGHWATER_DOMAIN: 'chat.example.org',
  HIGHWATER_ALLOWED_ORIGINS: 'https://pages.example.org',
  HIGHWATER_RATE_LIMITS: 'sends=20/600',
};

/** What an operator would fill in where .env.example leaves it open. */
export const filledValues: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(exampleValues).map(([name, value]) => [
    name,
    value || (formed[name] ?? `${name}-0123456789abcdef`.replaceAll('_', '-')),
  ]),
);

export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** The Dockerfile's instructions, each in one line, without comments. */
export const instructions: readonly Instruction[] = readText('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .flatMap((line) => {
    const [, name, text] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
    return name === undefined || text === undefined ? [] : [{ name, text }];
  });

export const instructionsOf = (name: string): readonly string[] =>
  instructions.filter((instruction) => instruction.name === name).map(({ text }) => text);

export function imageEnvironment(): Readonly<Record<string, string>> {
  const pairs = instructionsOf('ENV').flatMap((text) => [...text.matchAll(/(\w+)=(\S+)/g)]);
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]));
}

/** The paths besides /graphql that the server answers. */
export const healthPaths: readonly string[] = [...readText('src/api/http-app.ts').matchAll(/app\.get\('([^']+)'/g)].map(
  ([, path = '']) => path,
);
