/** JSON shorter than this is parsed in no time, however it is made. */
const harmlessBytes = 8 * 1024;
/** Ten times as deep as any input of the schema. */
const maximumDepth = 64;
/** Ten thousand people to add, with their names, are 20,000. */
const maximumKeys = 50_000;

const [quote, backslash, colon] = [0x22, 0x5c, 0x3a];
const [openObject, closeObject, openArray, closeArray] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Whether JSON would take its parser long: half a second for four megabytes of brackets, in which nobody else is served. A
 * look at each byte takes a hundredth of that. Says nothing about whether it is JSON at all.
 */
export function isJsonBomb(bytes: Uint8Array): boolean {
  if (bytes.length <= harmlessBytes) return false;
  let [depth, keys, inString] = [0, 0, false];
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (inString) {
      if (byte === backslash) index += 1;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte === openObject || byte === openArray) depth += 1;
    else if (byte === closeObject || byte === closeArray) depth -= 1;
    else if (byte === colon) keys += 1;
    if (depth > maximumDepth || keys > maximumKeys) return true;
  }
  return false;
}
