// Plain SHA-256 of a file: what a verification of an export is held against. Prints the digest.
import { createHash } from 'node:crypto';
import fs from 'node:fs';

const hash = createHash('sha256');
for await (const chunk of fs.createReadStream(process.argv[2], { highWaterMark: 1 << 20 })) hash.update(chunk);
console.log(hash.digest('hex'));
