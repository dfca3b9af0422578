import { createFeedListeners } from '../../src/delivery/feed-listeners.ts';
import { heapBytes } from './heap-bytes.ts';

const listeners = createFeedListeners<string>();
const listener = { hear() {}, fail() {} };
const before = await heapBytes();
for (let index = 0; index < 100_000; index += 1) listeners.add(`group-${index}`, listener)();
const heldBytes = (await heapBytes()) - before;
console.info(JSON.stringify({ heldBytes, count: listeners.count() }));
