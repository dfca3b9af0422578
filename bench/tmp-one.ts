import { rowTable } from './report.ts';

const [file, ...names] = process.argv.slice(2);
const row = Object.values(await import(`./${file}.ts`))[0] as any;
const { mkdtemp } = await import('node:fs/promises');
const p = await row.prepare({ short: process.env.LONG !== '1', directory: await mkdtemp((process.env.HWDIR ?? '/tmp') + '/hwone-') });
for (const c of p.contestants) if (names.includes(c.name)) console.log(c.name, await c.run());
console.log(p.notes?.());
