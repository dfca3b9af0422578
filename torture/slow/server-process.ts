import { z } from 'zod';
import { startApiInProcess } from '../api-in-process.ts';

// The server of R8 in a process of its own, with limits that are the product's or, in short, shorter.
const limits = z.record(z.string(), z.number()).parse(JSON.parse(process.argv[2] ?? '{}'));
const { HIGHWATER_JWT_SECRET } = process.env;
const api = await startApiInProcess({ environment: { HIGHWATER_JWT_SECRET }, limits });
process.on('disconnect', () => void api.close().finally(() => process.exit(0)));
process.send?.({ url: api.url });
