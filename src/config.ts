import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);

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
  HIGHWATER_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

export interface Config {
  readonly dataDirectory: string;
  readonly host: string;
  readonly port: number;
  readonly jwtSecret: string | undefined;
  readonly allowedOrigins: readonly string[];
  readonly logLevel: z.infer<typeof environment>['HIGHWATER_LOG_LEVEL'];
}

/** Thrown with a message for the person who starts the process: which variable, and what is wrong with it. */
export class ConfigInvalid extends Error {
  override readonly name = 'ConfigInvalid';
}

/** The environment, parsed once. `overrides` are the command line's. Throws ConfigInvalid. */
export function readConfig(
  env: NodeJS.ProcessEnv,
  overrides: { data?: string; host?: string; port?: string } = {},
): Config {
  const given = {
    ...env,
    ...(overrides.data !== undefined && { HIGHWATER_DATA: overrides.data }),
    ...(overrides.host !== undefined && { HIGHWATER_HOST: overrides.host }),
    ...(overrides.port !== undefined && { HIGHWATER_PORT: overrides.port }),
  };
  const parsed = environment.safeParse(given);
  if (!parsed.success) throw new ConfigInvalid(z.prettifyError(parsed.error));
  const values = parsed.data;
  return {
    dataDirectory: values.HIGHWATER_DATA,
    host: values.HIGHWATER_HOST,
    port: values.HIGHWATER_PORT,
    jwtSecret: values.HIGHWATER_JWT_SECRET,
    allowedOrigins: values.HIGHWATER_ALLOWED_ORIGINS.split(',').flatMap((origin) => origin.trim() || []),
    logLevel: values.HIGHWATER_LOG_LEVEL,
  };
}
