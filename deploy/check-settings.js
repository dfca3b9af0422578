// The cluster profile starts nothing until this has found every setting that it needs. Compose itself cannot be asked:
// it would refuse `${VARIABLE:?}` of a profile that is not even used.

// Passwords are parts of connection strings, where any other character would need an escape.
const password = /^[A-Za-z0-9_-]{16,}$/;
const rules = {
  HIGHWATER_DOMAIN: [/^[A-Za-z0-9.-]+$/, 'the host name that clients use, such as chat.example.org'],
  HIGHWATER_JWT_SECRET: [/^\S{32,}$/, 'at least 32 characters without white space'],
  EVENTSTORE_ADMIN_PASSWORD: [password, 'at least 16 letters, digits, - or _'],
  EVENTSTORE_OPS_PASSWORD: [password, 'at least 16 letters, digits, - or _'],
  MONGODB_ROOT_PASSWORD: [password, 'at least 16 letters, digits, - or _'],
  MONGODB_PASSWORD: [password, 'at least 16 letters, digits, - or _'],
};

const problems = Object.entries(rules).flatMap(([name, [form, meaning]]) => {
  const value = process.env[name] ?? '';
  if (value === '') return [`${name} is not set: ${meaning}.`];
  if (value.startsWith('development')) return [`${name} is a value for development.`];
  return form.test(value) ? [] : [`${name} must be ${meaning}.`];
});

if (problems.length > 0) {
  process.stderr.write(
    `The cluster is not started. See .env.example.\n${problems.map((line) => `- ${line}\n`).join('')}`,
  );
  process.exitCode = 1;
}
