import { buildFerretDb } from '../test/servers/build-ferretdb.ts';

/** Builds the server that stands in for MongoDB in tests and in the demonstration, and prints the path of its program. */
process.stdout.write(`${await buildFerretDb()}\n`);
