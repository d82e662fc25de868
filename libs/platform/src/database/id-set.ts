const uuidOid = 2950;
const headerBytes = 20;
const elementBytes = 20;

/** By the list that it was made of: the rules of a cached ability ask for their sets in every request. */
const encoded = new WeakMap<readonly string[], Buffer>();

/**
 * Ids in a statement, few or thousands, for `= ANY(…::uuid[])` or, from thousands on, `IN (SELECT unnest(…::uuid[]))`. A
 * statement with such a set is planned for its values each time: the plan that PostgreSQL keeps for a prepared statement
 * knows neither how many ids there are, which decides about an index, nor hashes them, and walks the whole array for
 * every row (docs/performance.md).
 */
export class IdSet {
  /** @param ids UUIDs; the list is not changed any more */
  constructor(private readonly ids: readonly string[]) {}

  /** Called by pg, which sends a buffer in PostgreSQL's binary format: as text, thousands of ids take longer to read than to use. */
  toPostgres(): Buffer {
    let buffer = encoded.get(this.ids);
    if (!buffer) {
      buffer = encode(this.ids);
      encoded.set(this.ids, buffer);
    }
    return buffer;
  }
}

/** As array_recv reads it: dimensions, null flag, element type, length, lower bound; of each element its length and bytes. */
function encode(ids: readonly string[]): Buffer {
  const buffer = Buffer.alloc(headerBytes + elementBytes * ids.length);
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(uuidOid, 8);
  buffer.writeInt32BE(ids.length, 12);
  buffer.writeInt32BE(1, 16);
  ids.forEach((id, index) => {
    const at = headerBytes + elementBytes * index;
    const written = buffer.write(id.replaceAll('-', ''), at + 4, 16, 'hex');
    if (written !== 16 || id.length !== 36) throw new Error(`"${id}" is not a UUID`);
    buffer.writeInt32BE(16, at);
  });
  return buffer;
}
