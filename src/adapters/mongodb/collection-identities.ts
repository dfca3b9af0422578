import type { Db, UUID } from 'mongodb';

/**
 * Which of these collections are there, by name, and what the server knows each of them by; '' where it does not say. One that was
 * dropped comes back by itself with the next write to it, empty and under another identity.
 */
export async function collectionIdentities(
  database: Db,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = await database.listCollections({ name: { $in: [...names] } }).toArray();
  return new Map(found.map((collection) => [collection.name, identityOf(collection)]));
}

function identityOf(collection: object): string {
  const { info } = collection as { readonly info?: { readonly uuid?: UUID } };
  return info?.uuid?.toString('hex') ?? '';
}
