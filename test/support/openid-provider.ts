import { type ChildProcess, fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { Browser } from './browser.js';
import { freePort } from './processes.js';

export const client = { id: 'imprimatur-console', secret: 'a-secret-of-a-test' };
const program = 'a-program';
/** What the API is called in the tokens that are meant for it. */
export const audience = 'https://imprimatur.test';

interface SigningKey {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  jwk: JWK;
}

export async function newSigningKey(alg = 'RS256'): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const kid = `key-${Math.random().toString(36).slice(2)}`;
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' } };
}

/** A real OpenID provider that a test configures, changes and takes away. */
export class TestOpenidProvider {
  private child: ChildProcess | undefined;
  private accounts: Record<string, Record<string, unknown>> = {};
  /** The paths that were asked for, in their order. */
  readonly requests: string[] = [];

  private constructor(
    private readonly port: number,
    private readonly redirectUri: string,
    /** It signs with the first of each algorithm. */
    public keys: SigningKey[],
    private readonly conformIdTokenClaims: boolean,
  ) {}

  /** @param conformIdTokenClaims true: what scopes ask for is told at the UserInfo endpoint, and not in the ID token */
  static async create(redirectUri: string, conformIdTokenClaims = false): Promise<TestOpenidProvider> {
    const keys = [await newSigningKey('RS256'), await newSigningKey('ES256')];
    const provider = new TestOpenidProvider(await freePort(), redirectUri, keys, conformIdTokenClaims);
    await provider.start();
    return provider;
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The entry of OIDC_ISSUERS. */
  settings(more: object = {}): object {
    const { id: clientId, secret: clientSecret } = client;
    return { issuer: this.issuer, audience, clientId, clientSecret, groupsClaim: 'groups', ...more };
  }

  async start(): Promise<void> {
    const child = fork(path.join(__dirname, 'openid-provider-process.mjs'), {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.child = child;
    child.stdout?.on('data', (lines: Buffer) => this.requests.push(...lines.toString().split('\n').filter(Boolean)));
    let errors = '';
    child.stderr?.on('data', (chunk) => (errors += chunk));
    const died = once(child, 'exit').then(() => Promise.reject(new Error(`the provider ended: ${errors}`)));
    died.catch(() => undefined);
    child.send({
      accounts: this.accounts,
      start: {
        port: this.port,
        jwks: { keys: this.keys.map(({ jwk }) => jwk) },
        resource: audience,
        conformIdTokenClaims: this.conformIdTokenClaims,
        clients: [
          { client_id: client.id, client_secret: client.secret, redirect_uris: [this.redirectUri] },
          {
            client_id: program,
            token_endpoint_auth_method: 'none',
            redirect_uris: ['http://127.0.0.1/program'],
            application_type: 'native',
          },
        ],
      },
    });
    await Promise.race([once(child, 'message'), died]);
  }

  async stop(): Promise<void> {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  /** What the issuer says of a person from now on. */
  async setClaims(subject: string, claims: Record<string, unknown>): Promise<void> {
    this.accounts[subject] = claims;
    const changed = once(this.child as ChildProcess, 'message');
    this.child?.send({ accounts: this.accounts });
    await changed;
  }

  /** The access token (RFC 9068) that the provider gives a program for an account that signs in at it. */
  async accessTokenOf(account: string): Promise<string> {
    const redirect_uri = 'http://127.0.0.1/program';
    const code_verifier = randomBytes(32).toString('base64url');
    const resource = { client_id: program, redirect_uri, resource: audience };
    const query = new URLSearchParams({
      ...resource,
      response_type: 'code',
      scope: 'openid profile models',
      code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    const back = await new Browser().signIn(`${this.issuer}/auth?${query}`, account, (url) =>
      url.startsWith(redirect_uri),
    );
    const code = new URL(back).searchParams.get('code') ?? '';
    const body = new URLSearchParams({ ...resource, grant_type: 'authorization_code', code, code_verifier });
    const answer = (await (await fetch(`${this.issuer}/token`, { method: 'POST', body })).json()) as {
      access_token?: string;
    };
    if (!answer.access_token) throw new Error(`the provider gives no access token: ${JSON.stringify(answer)}`);
    return answer.access_token;
  }

  /** A token of any claims, signed by a key of the issuer's: for what a well-behaved issuer does not make. */
  sign(
    claims: JWTPayload,
    header: { alg?: string; kid?: string; typ?: string } = {},
    key = this.keys[0],
  ): Promise<string> {
    if (!key) throw new Error('the provider has no key');
    const now = Math.floor(Date.now() / 1000);
    const { alg, kid } = key;
    return new SignJWT({ iss: this.issuer, aud: audience, iat: now, exp: now + 300, ...claims })
      .setProtectedHeader({ alg, kid, typ: 'at+jwt', ...header })
      .sign(key.privateKey);
  }
}
