import { z } from 'zod';
import { isNetwork, type RateLimitSettings, readRateLimits } from './processes/rate-limit-settings.ts';

const roles = ['all', 'api', 'projector'] as const;
/** What a process does: serve clients, build the read models, or both. */
export type Role = (typeof roles)[number];

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
/** HS256 signs with 32 bytes: a shorter key can be found by trying. */
export const minimumSecretBytes = 32;

/** What an origin is in a browser's words, or undefined where a text is none: `https://example.com`, without a path. */
function originOf(text: string): string | undefined {
  const { protocol, origin } = URL.parse(text) ?? {};
  return protocol === 'http:' || protocol === 'https:' ? origin : undefined;
}

const portRule = 'must be a port: a whole number from 0 to 65535';
const originRule = 'must be origins as browsers send them, such as https://example.com, separated by commas';
const eventStoreRule =
  'must be a connection string such as esdb://127.0.0.1:2113?tls=false or kurrentdb://a:2113,b:2113,c:2113';
const mongoRule = 'must be a connection string such as mongodb://127.0.0.1:27017/highwater';
const secretRule = `must be at least ${minimumSecretBytes} bytes long`;

/** What is wrong with a variable is told after its name; the value itself may be a secret. */
const environment = z.object({
  /** Where the embedded stores keep their files. */
  HIGHWATER_DATA: z.string().min(1, 'must not be empty').default('data'),
  HIGHWATER_HOST: z
    .string()
    .regex(/^[^\s/]+$/, 'must be an address or a host name')
    .default('127.0.0.1'),
  /** 0 takes any free port. Digits only: to Number() an empty text is 0 as well. */
  HIGHWATER_PORT: z
    .string()
    .regex(/^\d{1,5}$/, portRule)
    .transform(Number)
    .refine((port) => port <= 65_535, portRule)
    .default(4000),
  /** The key that tokens are signed with (HS256). Without it one is made and kept in the data directory. */
  HIGHWATER_JWT_SECRET: z
    .string()
    .refine((secret) => Buffer.byteLength(secret) >= minimumSecretBytes, secretRule)
    .optional(),
  /** Origins, besides the server's own, whose pages may use the API; separated by commas. */
  HIGHWATER_ALLOWED_ORIGINS: z
    .string()
    .transform((list) => list.split(',').flatMap((origin) => origin.trim() || []))
    .refine((origins) => origins.every((origin) => originOf(origin) === origin), originRule)
    .default([]),
  /** A connection string of EventStoreDB or KurrentDB. Without it the log is a file in the data directory. */
  HIGHWATER_EVENTSTORE_URL: z
    .string()
    .regex(/^(esdb|kurrentdb|kurrent|kdb)(\+discover)?:\/\/[^\s/?]+/, eventStoreRule)
    .optional(),
  /** A connection string of MongoDB. Without it the read models are a file in the data directory. */
  HIGHWATER_MONGODB_URL: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/[^\s/?]+/, mongoRule)
    .optional(),
  /** How much at once: see rate-limit-settings.ts. */
  HIGHWATER_RATE_LIMITS: z
    .string()
    .transform((text, context) => {
      try {
        return readRateLimits(text);
      } catch (error) {
        const message = `must be off, or limits such as sends=20/600,sockets-per-person=100: ${(error as Error).message}`;
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      }
    })
    .prefault(''),
  /** Proxies whose X-Forwarded-For says who a request is from: addresses or networks, separated by commas. */
  HIGHWATER_TRUSTED_PROXIES: z
    .string()
    .transform((list) => list.split(',').flatMap((network) => network.trim() || []))
    .refine((networks) => networks.every(isNetwork), 'must be addresses or networks such as 10.0.0.0/8')
    .default([]),
  /** GraphiQL, for a browser at /graphql. Without it: where only this machine reaches it, and not in production. */
  HIGHWATER_GRAPHIQL: z.enum(['on', 'off'], 'must be on or off').optional(),
  NODE_ENV: z.string().optional(),
  HIGHWATER_ROLE: z.enum(roles, `must be one of ${roles.join(', ')}`).default('all'),
  HIGHWATER_LOG_LEVEL: z.enum(logLevels, `must be one of ${logLevels.join(', ')}`).default('info'),
});

export interface Config {
  readonly dataDirectory: string;
  readonly host: string;
  readonly port: number;
  readonly jwtSecret: string | undefined;
  readonly allowedOrigins: readonly string[];
  readonly eventStoreUrl: string | undefined;
  readonly mongoUrl: string | undefined;
  readonly role: Role;
  /** Undefined where there are none. */
  readonly rateLimits: RateLimitSettings | undefined;
  readonly trustedProxies: readonly string[];
  readonly graphiql: boolean;
  readonly logLevel: z.infer<typeof environment>['HIGHWATER_LOG_LEVEL'];
}

/** Thrown with a message for the person who starts the process: which variable, and what is wrong with it. */
export class ConfigInvalid extends Error {
  override readonly name = 'ConfigInvalid';
}

/** The environment, parsed once. `overrides` are the command line's. Throws ConfigInvalid. */
export function readConfig(
  env: NodeJS.ProcessEnv,
  overrides: { data?: string; host?: string; port?: string; role?: string } = {},
): Config {
  const given = {
    ...env,
    ...(overrides.data !== undefined && { HIGHWATER_DATA: overrides.data }),
    ...(overrides.host !== undefined && { HIGHWATER_HOST: overrides.host }),
    ...(overrides.port !== undefined && { HIGHWATER_PORT: overrides.port }),
    ...(overrides.role !== undefined && { HIGHWATER_ROLE: overrides.role }),
  };
  const parsed = environment.safeParse(given);
  if (!parsed.success) throw new ConfigInvalid(problemsOf(parsed.error));
  const values = parsed.data;
  requireShared(values);
  return {
    dataDirectory: values.HIGHWATER_DATA,
    host: values.HIGHWATER_HOST,
    port: values.HIGHWATER_PORT,
    jwtSecret: values.HIGHWATER_JWT_SECRET,
    allowedOrigins: values.HIGHWATER_ALLOWED_ORIGINS,
    eventStoreUrl: values.HIGHWATER_EVENTSTORE_URL,
    mongoUrl: values.HIGHWATER_MONGODB_URL,
    role: values.HIGHWATER_ROLE,
    rateLimits: values.HIGHWATER_RATE_LIMITS,
    trustedProxies: values.HIGHWATER_TRUSTED_PROXIES,
    graphiql: showsGraphiQL(values),
    logLevel: values.HIGHWATER_LOG_LEVEL,
  };
}

/** Nobody means to publish a page of 9 MB with the system; who does says so. */
function showsGraphiQL({ HIGHWATER_GRAPHIQL, HIGHWATER_HOST, NODE_ENV }: z.infer<typeof environment>): boolean {
  if (HIGHWATER_GRAPHIQL !== undefined) return HIGHWATER_GRAPHIQL === 'on';
  return NODE_ENV !== 'production' && /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(HIGHWATER_HOST);
}

/** One sentence, however much is wrong. */
const problemsOf = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ');

/** A process that does one part of the work needs stores, and a key for tokens, that the others have as well. */
function requireShared(values: z.infer<typeof environment>): void {
  const role = values.HIGHWATER_ROLE;
  if (role === 'all') return;
  for (const name of ['HIGHWATER_EVENTSTORE_URL', 'HIGHWATER_MONGODB_URL'] as const) {
    if (values[name] === undefined) {
      throw new ConfigInvalid(`The role ${role} needs ${name}: an embedded store is one process's own.`);
    }
  }
  if (role === 'api' && values.HIGHWATER_JWT_SECRET === undefined) {
    throw new ConfigInvalid('The role api needs HIGHWATER_JWT_SECRET: every API process must know the same key.');
  }
}
