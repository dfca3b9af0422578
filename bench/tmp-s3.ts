import { measureRow } from './measure.ts';
import { rowTable } from './report.ts';

const m = await import(`./${process.argv[2]}.ts`);
const r = await measureRow(Object.values(m)[0] as never, true, console.error);
console.log(rowTable(r));
