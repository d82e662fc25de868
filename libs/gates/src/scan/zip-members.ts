import { PassThrough, pipeline, type Readable } from 'node:stream';
import type { OpenArtifact } from '@app/artifacts';
import yauzl from 'yauzl';

/** Where an archive is: a file that is opened for each piece that is read of it, or bytes that are in memory. */
export type ZipSource = { size: number; open: () => Promise<OpenArtifact | undefined> } | Buffer;

export interface ZipMember {
  name: string;
  packed: number;
  unpacked: number;
  read(): Promise<Readable>;
}

/** The archive is broken, encrypted, or packed in a way that cannot be unpacked. */
export class UnreadableZip extends Error {}

class ArtifactReader extends yauzl.RandomAccessReader {
  constructor(private readonly open: () => Promise<OpenArtifact | undefined>) {
    super();
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const through = new PassThrough();
    this.open().then(
      (file) => {
        if (!file) through.destroy(new UnreadableZip('the file is gone'));
        // Either end takes the other with it; what went wrong, the reader of this one is told.
        else pipeline(file.read({ start, end: end - 1 }), through, () => undefined);
      },
      (error) => through.destroy(error),
    );
    return through;
  }
}

/**
 * The members of an archive, as its directory lists them, one after the other. Every reader of models goes by it.
 * @throws UnreadableZip
 */
export async function* zipMembers(source: ZipSource): AsyncGenerator<ZipMember> {
  const zip = await opened(source);
  try {
    for (;;) {
      const entry = await nextEntry(zip);
      if (!entry) return;
      if (entry.fileName.endsWith('/')) continue;
      yield {
        name: entry.fileName,
        packed: entry.compressedSize,
        unpacked: entry.uncompressedSize,
        read: () => contentOf(zip, entry),
      };
    }
  } finally {
    zip.close();
  }
}

const unreadable = (error: Error) => new UnreadableZip(error.message);
const options = { lazyEntries: true, autoClose: false, validateEntrySizes: true } as const;

function opened(source: ZipSource): Promise<yauzl.ZipFile> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, zip: yauzl.ZipFile) => (error ? reject(unreadable(error)) : resolve(zip));
    if (Buffer.isBuffer(source)) yauzl.fromBuffer(source, options, done);
    else yauzl.fromRandomAccessReader(new ArtifactReader(source.open), source.size, options, done);
  });
}

function nextEntry(zip: yauzl.ZipFile): Promise<yauzl.Entry | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      zip.removeAllListeners('entry').removeAllListeners('end').removeAllListeners('error');
      act();
    };
    zip.on('entry', (entry) => settle(() => resolve(entry)));
    zip.on('end', () => settle(() => resolve(undefined)));
    zip.on('error', (error) => settle(() => reject(unreadable(error))));
    zip.readEntry();
  });
}

function contentOf(zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<Readable> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error ? reject(unreadable(error)) : resolve(stream)));
  });
}
