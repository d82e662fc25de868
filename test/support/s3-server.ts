import fs from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import S3rver from '@20minutes/s3rver';

const bucket = 'artifacts';

/** What happens to a request instead of what it asks for. */
export type S3Fault =
  /** The answer, without anything having been done. */
  | { status: number }
  /** It never answers. */
  | 'silence'
  /** The connection ends after so many bytes of the body of the answer. */
  | { cutAfter: number };

export interface S3Server {
  /** For createTestApp and createTestModule. */
  settings: Record<string, string>;
  /** Asked of every request: none when it answers undefined. */
  fault: (request: IncomingMessage) => S3Fault | undefined;
  /** Every request since the start, as `PUT /bucket/key?query`. */
  requests: string[];
  /** Keys of all objects. */
  keys(): string[];
  /** Multipart uploads that are neither complete nor aborted. */
  pendingUploads(): string[];
  /** The file that holds the bytes of an object. */
  fileOf(key: string): string;
  close(): Promise<void>;
}

/** Where s3rver has it. */
const internal = '._S3rver_';

/**
 * A server that speaks S3, keeps its bucket in a folder and checks signatures: s3rver. It knows no end of a multipart
 * upload but its completion, so what concerns uploads that are gone, or are to go, is answered here. The credentials in
 * the environment of this process are made to be its own.
 */
export async function startS3Server(): Promise<S3Server> {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' });
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'imprimatur-s3-'));
  const s3rver = new S3rver({ directory, silent: true, vhostBuckets: false, configureBuckets: [{ name: bucket }] });
  await s3rver.configureBuckets();
  const answer = s3rver.callback();
  const folder = path.join(directory, bucket);
  const uploads = path.join(folder, `${internal}uploads`);

  const server = http.createServer((request, response) => {
    s3.requests.push(`${request.method} ${request.url}`);
    const fault = s3.fault(request);
    if (fault === 'silence') return request.resume();
    if (fault && 'status' in fault) return refuse(response, fault.status, 'SlowDown');
    if (fault && 'cutAfter' in fault) cutAfter(response, fault.cutAfter);
    const uploadId = new URL(request.url ?? '/', 'http://s3').searchParams.get('uploadId');
    const upload = uploadId && path.join(uploads, uploadId);
    if (upload && !fs.existsSync(upload)) return refuse(response, 404, 'NoSuchUpload');
    if (upload && request.method === 'DELETE') {
      fs.rmSync(upload, { recursive: true });
      return response.writeHead(204).end();
    }
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const s3: S3Server = {
    settings: {
      ARTIFACT_STORE: 'S3',
      S3_BUCKET: bucket,
      S3_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      S3_FORCE_PATH_STYLE: 'true',
    },
    fault: () => undefined,
    requests: [],
    keys: () =>
      fs
        .readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => name.endsWith(`${internal}object`))
        .map((name) => name.slice(0, -`${internal}object`.length)),
    pendingUploads: () => (fs.existsSync(uploads) ? fs.readdirSync(uploads) : []),
    fileOf: (key) => path.join(folder, `${key}${internal}object`),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      s3rver.logger.exceptions.unhandle();
      s3rver.logger.close();
      fs.rmSync(directory, { recursive: true, force: true });
    },
  };
  return s3;
}

/** The request is read to its end first: a client that still sends would see a broken connection instead. */
function refuse(response: ServerResponse, status: number, code: string): void {
  response.req.resume().once('end', () => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
  });
}

function cutAfter(response: ServerResponse, bytes: number): void {
  const write = response.write.bind(response) as (chunk: Buffer, done: () => void) => boolean;
  let left = bytes;
  response.write = ((chunk: Buffer) => {
    const part = Buffer.from(chunk).subarray(0, left);
    left -= part.length;
    return write(part, () => left === 0 && response.destroy());
  }) as typeof response.write;
}
