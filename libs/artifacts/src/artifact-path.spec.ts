import path from 'node:path';
import fc from 'fast-check';
import { artifactPath, artifactPathOf, experimentIdOf, pathAndFoldersAbove } from './artifact-path.js';

const outside = ['', '/', '/etc/passwd', '..', '1/..', '1/../2/x', './1', '1//x', '1/x/', '1/.', '1/\0', 'a\\..\\b'];
const encoded = ['1/%2e%2e/x', '1/%2E%2E', '1/a%2fb', '1/a%5cb', '1/%00', '1/a\nb', '1/\ud800'];

describe('artifactPath', () => {
  it.each(['1', '1/abc/artifacts/model/MLmodel', '1/a b ü 100%/…', '1/.hidden/...', '1/c%20d'])('takes %j', (text) => {
    expect(artifactPath(text)).toBe(text);
  });

  it.each([...outside, ...encoded])('refuses %j', (text) => {
    expect(() => artifactPath(text)).toThrow('is not an artifact path');
  });

  it('refuses names and paths that no file system takes', () => {
    expect(() => artifactPath(`1/${'ü'.repeat(128)}`)).toThrow('too long');
    expect(() => artifactPath(Array(600).fill('abc').join('/'))).toThrow('too long');
  });

  it('never takes a path that leads out of its root', () => {
    const piece = fc.constantFrom('..', '.', '', 'a', '%2e%2e', '\\', '/', '1', '...', ' ');
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('/');
        try {
          artifactPath(text);
        } catch {
          return;
        }
        expect(path.resolve('/root', text)).toBe(`/root/${text}`);
      }),
    );
  });
});

describe('artifactPathOf', () => {
  it.each([
    ['mlflow-artifacts:/1/abc/artifacts/model', '1/abc/artifacts/model'],
    ['mlflow-artifacts://host:5000/1/abc/artifacts', '1/abc/artifacts'],
    ['mlflow-artifacts:/1/abc/artifacts/', '1/abc/artifacts'],
    ['http://host/api/2.0/mlflow-artifacts/artifacts/1/abc', '1/abc'],
    ['https://host/prefix/api/2.0/mlflow-artifacts/artifacts/1/abc', '1/abc'],
    ['s3://bucket/1/abc', undefined],
    ['/tmp/mlruns/1', undefined],
    ['file:///tmp/x', undefined],
    ['http://host/other/1/abc', undefined],
    ['runs:/abc/model', undefined],
    ['', undefined],
  ])('of %j is %j', (uri, expected) => {
    expect(artifactPathOf(uri)).toBe(expected);
  });

  it.each(['mlflow-artifacts:/1/../2', 'mlflow-artifacts:/%2e%2e/x', 'mlflow-artifacts:/', 'mlflow-artifacts:/1//a'])(
    'refuses %j',
    (uri) => {
      expect(() => artifactPathOf(uri)).toThrow('artifact URI');
    },
  );
});

it('finds the experiment in the first name, and only there', () => {
  expect(['0', '12/a', '12'].map(experimentIdOf)).toEqual(['0', '12', '12']);
  expect(['01/a', 'a/1', '-1', '1a/b', '9'.repeat(19)].map(experimentIdOf)).toEqual(Array(5).fill(undefined));
});

it('knows the folders above a path', () => {
  expect(pathAndFoldersAbove('1/a/b')).toEqual(['1', '1/a', '1/a/b']);
});
