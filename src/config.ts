import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const roles = ['all', 'api', 'projector'] as const;
/** What a process does: serve clients, build the read models, or both. */
export type Role = (typeof roles)[number];

const environment = z.object({
  /** Where the embedded stores keep their files. */
  HIGHWATER_DATA: z.string().min(1).default('data'),
  HIGHWATER_HOST: z.string().min(1).default('127.0.0.1'),
  /** 0 takes any free port. */
  HIGHWATER_PORT: port.default(4000),
  /** The key that tokens are signed with (HS256). Without it one is made and kept in the data directory. */
  HIGHWATER_JWT_SECRET: z.string().min(32).optional(),
  /** Origins, besides the server's own, whose pages may use the API; separated by commas. */
  HIGHWATER_ALLOWED_ORIGINS: z.string().default(''),
  /** A connection string of EventStoreDB or KurrentDB. Without it the log is a file in the data directory. */
  HIGHWATER_EVENTSTORE_URL: z
    .string()
    .regex(/^esdb(\+discover)?:\/\/.+/, 'is not a connection string such as esdb://127.0.0.1:2113?tls=false')
    .optional(),
  /** A connection string of MongoDB. Without it the read models are a file in the data directory. */
  HIGHWATER_MONGODB_URL: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/.+/, 'is not a connection string such as mongodb://127.0.0.1:27017/highwater')
    .optional(),
  HIGHWATER_ROLE: z.enum(roles).default('all'),
  HIGHWATER_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
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
  if (!parsed.success) throw new ConfigInvalid(z.prettifyError(parsed.error));
  const values = parsed.data;
  requireShared(values);
  return {
    dataDirectory: values.HIGHWATER_DATA,
    host: values.HIGHWATER_HOST,
    port: values.HIGHWATER_PORT,
    jwtSecret: values.HIGHWATER_JWT_SECRET,
    allowedOrigins: values.HIGHWATER_ALLOWED_ORIGINS.split(',').flatMap((origin) => origin.trim() || []),
    eventStoreUrl: values.HIGHWATER_EVENTSTORE_URL,
    mongoUrl: values.HIGHWATER_MONGODB_URL,
    role: values.HIGHWATER_ROLE,
    logLevel: values.HIGHWATER_LOG_LEVEL,
  };
}

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
