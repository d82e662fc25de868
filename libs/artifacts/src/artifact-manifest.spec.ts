import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { manifestOf } from './artifact-manifest.js';

const file = (path: string, text = path) => ({
  path,
  size: Buffer.byteLength(text),
  sha256: createHash('sha256').update(text).digest('hex'),
});

describe('manifestOf', () => {
  it('has the digest that anybody computes from the files', () => {
    const json =
      '[{"path":"MLmodel","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","size":4}]';
    expect(manifestOf([file('MLmodel', 'test')])).toEqual({
      files: [file('MLmodel', 'test')],
      digest: `sha256:${createHash('sha256').update(json).digest('hex')}`,
      size: 4,
    });
  });

  it('sorts by code unit, whatever came first', () => {
    const paths = ['b', 'a/b', 'a', 'Z', 'ü', 'a.b', '\u{1f600}', '\uffee'];
    expect(manifestOf(paths.map((path) => file(path))).files.map(({ path }) => path)).toEqual([...paths].sort());
    fc.assert(
      fc.property(fc.shuffledSubarray(paths, { minLength: paths.length }), (shuffled) => {
        expect(manifestOf(shuffled.map((path) => file(path))).digest).toBe(
          manifestOf(paths.map((path) => file(path))).digest,
        );
      }),
    );
  });

  it('has another digest when a byte, a name or a file is another', () => {
    const digests = [
      [file('a', 'x')],
      [file('a', 'y')],
      [file('b', 'x')],
      [file('a', 'x'), file('b', 'x')],
      [{ ...file('a', 'x'), size: 2 }],
    ].map((files) => manifestOf(files).digest);
    expect(new Set(digests).size).toBe(digests.length);
  });
});
