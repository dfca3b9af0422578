import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { registerServe } from '../../src/cli/serve.ts';
import { type Config, readConfig } from '../../src/config.ts';
import {
  compose,
  composeDocument,
  composeText,
  environmentOf,
  exampleValues,
  filledValues,
  findService,
  healthPaths,
  inProfile,
  oneShots,
  processes,
  readText,
  root,
  type Service,
  services,
  variable,
} from './compose-file.ts';

const names = (list: readonly Service[]) => list.map(({ name }) => name);
const packageVersion: unknown = JSON.parse(readText('package.json')).version;

/** What `highwater serve …` makes of a service's command and environment: it goes no further than reading them. */
async function configOf(service: Service): Promise<Config> {
  const read = Promise.withResolvers<Config>();
  const unused = () => Promise.reject(new Error('nothing is served here'));
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  registerServe(program, {
    readConfig: (_processEnvironment, overrides) => {
      read.resolve(readConfig(environmentOf(service, filledValues), overrides));
      throw new Error('it was read');
    },
    serve: unused,
    serveProjector: unused,
    createLogger: () => {
      throw new Error('nothing is logged here');
    },
  });
  await program.parseAsync(service.command ?? [], { from: 'user' }).catch(read.reject);
  return read.promise;
}

/** The hosts and ports of a connection string. */
const hostsOf = (url: string | undefined): readonly string[] => {
  const [, hosts = ''] = /^\w+:\/\/(?:[^@/]*@)?([^/?]+)/.exec(url ?? '') ?? [];
  return hosts.split(',');
};

test('the file is what the Compose specification allows', () => {
  // Ajv knows draft 7 by another name of the same thing.
  const { $schema: _draft, ...schema } = JSON.parse(readText('test/deploy/compose-spec.json'));
  const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);
  validate(composeDocument);
  expect(validate.errors ?? []).toEqual([]);
});

test('every service belongs to one profile, and depends on services of it alone', () => {
  for (const { name, profiles, depends_on } of services) {
    expect(profiles, name).toEqual([expect.stringMatching(/^(dev|cluster)$/)]);
    for (const other of Object.keys(depends_on)) expect(findService(other).profiles, name).toEqual(profiles);
  }
  expect(names(inProfile('dev'))).toEqual(['eventstore', 'mongodb', 'api-1', 'api-2', 'projector', 'proxy']);
});

test('the cluster has three event stores, three members of MongoDB, two APIs and a projector with a standby', () => {
  const count = (pattern: RegExp) => inProfile('cluster').filter(({ name }) => pattern.test(name)).length;
  expect([/^eventstore-\d$/, /^mongodb-\d$/, /^cluster-api-\d$/, /^cluster-projector-\d$/].map(count)).toEqual([
    3, 3, 2, 2,
  ]);
});

test.each(names(processes))('%s: the command exists, and its settings are accepted', async (name) => {
  const service = findService(name);
  const config = await configOf(service);
  expect(config.role).toBe(name.includes('projector') ? 'projector' : 'api');
  expect(config.host).toBe('0.0.0.0');
  const stores = [...hostsOf(config.eventStoreUrl), ...hostsOf(config.mongoUrl)];
  for (const [host = '', port] of stores.map((store) => store.split(':'))) {
    const store = findService(host);
    expect(store.profiles).toEqual(service.profiles);
    expect(store.networks.filter((network) => service.networks.includes(network))).not.toEqual([]);
    expect(port).toBe(store.image.startsWith('mongo:') ? '27017' : '2113');
  }
});

test('all processes of a profile have the same stores and the same key', async () => {
  for (const profile of ['dev', 'cluster']) {
    const configs = await Promise.all(processes.filter(({ profiles }) => profiles.includes(profile)).map(configOf));
    const shared = configs.map(({ eventStoreUrl, mongoUrl, jwtSecret }) => ({ eventStoreUrl, mongoUrl, jwtSecret }));
    expect(new Set(shared.map((one) => JSON.stringify(one))).size, profile).toBe(1);
  }
});

test('the proxies hand requests to the API processes, at the port where these listen', async () => {
  for (const proxy of services.filter(({ image }) => image.startsWith('caddy:'))) {
    const upstreams = environmentOf(proxy, filledValues)['HIGHWATER_UPSTREAMS']?.split(' ') ?? [];
    const apis = processes.filter(({ name, profiles }) => name.includes('api') && profiles[0] === proxy.profiles[0]);
    const wanted = await Promise.all(apis.map(async (api) => `${api.name}:${(await configOf(api)).port}`));
    expect(upstreams).toEqual(wanted);
    for (const { networks } of apis) expect(networks).toEqual(expect.arrayContaining(proxy.networks));
  }
});

test('every port that is published is one that its service listens on', () => {
  for (const service of services) {
    const published = service.ports.map((port) =>
      port
        .replace(/\/udp$/, '')
        .split(':')
        .at(-1),
    );
    expect(listeningPorts(service), service.name).toEqual(expect.arrayContaining(published));
    // Only the cluster's proxy is there for other machines.
    if (service.name === 'cluster-proxy') continue;
    for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  }
});

function listeningPorts(service: Service): readonly string[] {
  const environment = environmentOf(service, filledValues);
  if (service.image.startsWith('mongo:')) return ['27017'];
  if (service.image.startsWith('eventstore/eventstore:')) return ['2113'];
  if (service.image.startsWith('caddy:')) {
    return /^:(\d+)$/.exec(environment['HIGHWATER_SITE'] ?? '')?.slice(1) ?? ['80', '443'];
  }
  return [environment['HIGHWATER_PORT'] ?? ''];
}

test('everything that goes on running has a health check and comes back; the rest is waited for', () => {
  for (const { name, healthcheck, restart } of services.filter((service) => !oneShots.includes(service))) {
    expect(healthcheck?.test.length, name).toBeGreaterThan(1);
    expect(restart, name).toBe('unless-stopped');
  }
  for (const { name } of oneShots) {
    const waiting = services.filter(({ depends_on }) => depends_on[name] !== undefined);
    expect(waiting, name).not.toEqual([]);
    const conditions = waiting.map(({ depends_on }) => depends_on[name]?.condition);
    expect(new Set(conditions), name).toEqual(new Set(['service_completed_successfully']));
  }
});

test('health checks ask for paths that the server has', () => {
  const caddyfile = readText('deploy/Caddyfile');
  expect(healthPaths).toEqual(['/health', '/ready']);
  for (const { name, healthcheck } of processes) {
    const [, program, script, path] = healthcheck?.test ?? [];
    expect([program, script], name).toEqual(['node', '/app/deploy/healthcheck.js']);
    expect(healthPaths, name).toContain(path);
  }
  for (const { healthcheck } of services.filter(({ image }) => image.startsWith('caddy:'))) {
    const url = new URL(healthcheck?.test.at(-1) ?? '');
    expect(healthPaths).toContain(url.pathname);
    expect(caddyfile).toContain(`http://:${url.port} {`);
  }
  const [, upstreamPath] = /health_uri (\S+)/.exec(caddyfile) ?? [];
  expect(healthPaths).toContain(upstreamPath);
});

test('images are pinned to a full version, and Highwater’s own to that of package.json', () => {
  for (const { name, image, build } of services) {
    expect(image, name).toMatch(/^[\w./-]+:\d+\.\d+\.\d+(-[\w.-]+)?$/);
    expect(image === `highwater:${packageVersion}`, name).toBe(build !== undefined);
  }
});

test('every volume and network is declared and used, and every file that is mounted exists', () => {
  const mounts = services.flatMap(({ volumes }) => volumes.map((volume) => volume.split(':')[0] ?? ''));
  const files = mounts.filter((source) => source.startsWith('.'));
  expect(new Set(mounts.filter((source) => !files.includes(source)))).toEqual(new Set(Object.keys(compose.volumes)));
  for (const file of files) expect(existsSync(join(root, file)), file).toBe(true);
  expect(new Set(services.flatMap(({ networks }) => networks))).toEqual(new Set(Object.keys(compose.networks)));
});

test('the stores keep their files in volumes of their own', () => {
  const directories = { 'mongo:': '/data/db', 'eventstore/eventstore:': '/var/lib/eventstore' };
  for (const [image, directory] of Object.entries(directories)) {
    const stores = services.filter((service) => service.image.startsWith(image) && !oneShots.includes(service));
    const volumes = stores.map((store) => store.volumes.find((volume) => volume.endsWith(`:${directory}`)));
    expect(volumes).not.toContain(undefined);
    expect(new Set(volumes).size).toBe(stores.length);
    expect(stores.length).toBe(4);
  }
});

test('every variable is explained in .env.example, and none is there that nobody reads', () => {
  const used = new Set([...composeText.replaceAll(/^\s*#.*$/gm, '').matchAll(variable)].map(([, name]) => name));
  expect(used).toEqual(new Set(Object.keys(exampleValues)));
  // Compose would ask for it in the profile that does not use it.
  for (const [, , operator] of composeText.replaceAll(/^\s*#.*$/gm, '').matchAll(variable)) expect(operator).toBe('-');
});

test('Highwater’s processes cannot write to their image, gain rights or be cut off while they end', () => {
  for (const { name, ...service } of processes) {
    expect(service, name).toMatchObject({
      init: true,
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(service.tmpfs?.length, name).toBe(1);
    // It ends within ten seconds by itself.
    expect(Number(/^(\d+)s$/.exec(service.stop_grace_period ?? '')?.[1]), name).toBeGreaterThan(10);
  }
});
