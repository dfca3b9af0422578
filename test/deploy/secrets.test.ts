import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  environmentOf,
  filledValues,
  findService,
  inProfile,
  root,
  type Service,
  services,
  variable,
} from './compose-file.ts';

const isSecret = (name: string): boolean => /PASSWORD|SECRET|KEY$/.test(name);

function checkSettings(environment: Readonly<Record<string, string>>) {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'deploy', 'check-settings.js')], {
    env: { ...environment },
    encoding: 'utf8',
  });
  return { status, complaints: [...stderr.matchAll(/^- (\w+) /gm)].map(([, name]) => name) };
}

const checked = findService('cluster-settings').environment;

describe('the cluster', () => {
  test('has no secret of its own: each comes from a variable without a default', () => {
    for (const { name, environment } of inProfile('cluster')) {
      for (const [key, text] of Object.entries(environment)) {
        if (isSecret(key) && !key.endsWith('KEY_FILE')) expect(text, `${name} ${key}`).toMatch(/^\$\{\w+:-\}$/);
        for (const [, userInfo] of text.matchAll(/:\/\/([^@/]*)@/g)) {
          expect(userInfo, `${name} ${key}`).toMatch(/^\w+:\$\{\w+:-\}$/);
        }
        for (const [, used = '', , fallback = ''] of text.matchAll(variable)) {
          if (isSecret(used)) expect(fallback, `${name} ${key}`).toBe('');
        }
      }
    }
  });

  test('checks every secret that it uses', () => {
    const used = inProfile('cluster').flatMap(({ environment }) =>
      Object.values(environment).flatMap((text) => [...text.matchAll(variable)].map(([, name = '']) => name)),
    );
    const secrets = new Set(used.filter(isSecret));
    expect([...secrets].filter((name) => checked[name] !== `\${${name}:-}`)).toEqual([]);
    expect(secrets.size).toBe(5);
  });

  test('starts nothing before its settings are found to be right', () => {
    const waits = (service: Service): boolean =>
      Object.entries(service.depends_on).some(([name, { condition }]) =>
        name === 'cluster-settings' ? condition === 'service_completed_successfully' : waits(findService(name)),
      );
    const others = inProfile('cluster').filter(({ name }) => name !== 'cluster-settings');
    expect(others.filter((service) => !waits(service)).map(({ name }) => name)).toEqual([]);
  });

  test('is refused by name for each setting that is missing', () => {
    const { status, complaints } = checkSettings({});
    expect(status).toBe(1);
    expect(complaints).toEqual(Object.keys(checked));
  });

  test('is refused a short password, one that needs an escape, and one that is known', () => {
    const good = environmentOf(findService('cluster-settings'), filledValues);
    for (const bad of ['short', 'at-the-end-a-space ', 'with@sign-0123456789', 'development-0123456789']) {
      expect(checkSettings({ ...good, MONGODB_PASSWORD: bad })).toEqual({
        status: 1,
        complaints: ['MONGODB_PASSWORD'],
      });
    }
    const known = findService('api-1').environment['HIGHWATER_JWT_SECRET'] ?? '';
    expect(known).not.toBe('');
    expect(checkSettings({ ...good, HIGHWATER_JWT_SECRET: known }).complaints).toEqual(['HIGHWATER_JWT_SECRET']);
  });

  test('is let through with everything filled in', () => {
    const good = environmentOf(findService('cluster-settings'), filledValues);
    expect(checkSettings(good)).toEqual({ status: 0, complaints: [] });
  });
});

test('what is known stands in the development profile alone, and is called so', () => {
  for (const { profiles, environment } of services) {
    const literal = Object.entries(environment).filter(([key, text]) => isSecret(key) && /^[^$/]/.test(text));
    expect(literal.every(([, text]) => profiles[0] === 'dev' && text.startsWith('development'))).toBe(true);
  }
});
