#!/usr/bin/env node
// The `highwater` command: installs what is missing, then runs src/main.ts on the locked Node.
import { join } from 'node:path';
import { root } from './install.js';
import { runLocked } from './run-locked.js';

runLocked([join(root, 'src', 'main.ts'), ...process.argv.slice(2)], { tied: true });
