// Runs a TypeScript file, or a program of node_modules/.bin by its name, on the locked Node.
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, root } from './install.js';
import { runLocked } from './run-locked.js';

const [name = '', ...args] = process.argv.slice(2);
ensureInstalled();
const program = join(root, 'node_modules', '.bin', name);
runLocked([existsSync(program) ? realpathSync(program) : join(root, name), ...args]);
