import { describedSettings } from './config.js';
import { loadConfig } from './load-config.js';

const database = { DATABASE_URL: 'postgresql://user:secret@localhost:5432/imprimatur' };

function messageOf(env: Record<string, string>): string {
  try {
    loadConfig(env);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the configuration was taken');
}

describe('loadConfig', () => {
  it('needs the database only', () => {
    const { settings, publicUrl } = loadConfig(database);
    expect(settings).toMatchObject({ HOST: '127.0.0.1', PORT: 4000, DEFAULT_SCHEMA: 'main.default' });
    expect(settings.REDIS_URL).toBeUndefined();
    expect(publicUrl).toBe('http://127.0.0.1:4000');
    expect(() => loadConfig({})).toThrow('the configuration is wrong:\n  DATABASE_URL (not set): ');
  });

  it('counts an empty variable as not set, and trims', () => {
    const { settings } = loadConfig({ ...database, PORT: '', REDIS_URL: '  ', HOST: ' 0.0.0.0 ' });
    expect(settings).toMatchObject({ PORT: 4000, HOST: '0.0.0.0' });
    expect(settings.REDIS_URL).toBeUndefined();
  });

  it.each([
    ['PORT', 'abc', 'PORT ("abc"): '],
    ['PORT', '65536', 'PORT ("65536"): '],
    ['PORT', '80.5', 'PORT ("80.5"): '],
    ['PUBLIC_URL', 'ftp://files', 'PUBLIC_URL ("ftp://files"): must be an http or https URL'],
    ['DATABASE_POOL_SIZE', '1', 'DATABASE_POOL_SIZE ("1"): '],
    ['DEFAULT_SCHEMA', 'a.b.c', 'DEFAULT_SCHEMA ("a.b.c"): must be catalog.schema'],
    ['DEFAULT_SCHEMA', 'a/b.c', 'DEFAULT_SCHEMA ("a/b.c"): must be catalog.schema'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL ("loud"): '],
    ['RECONCILE_SECONDS', '0', 'RECONCILE_SECONDS ("0"): '],
    ['TRUST_PROXY', 'true', 'TRUST_PROXY ("true"): must be IP addresses or networks'],
    ['TRUST_PROXY', '10.0.0.0/33', 'TRUST_PROXY ("10.0.0.0/33"): must be IP addresses or networks'],
    ['TRUST_PROXY', '10.0.0.1/', 'TRUST_PROXY ("10.0.0.1/"): must be IP addresses or networks'],
    ['CORS_ORIGINS', '*', 'CORS_ORIGINS ("*"): must be origins'],
    ['CORS_ORIGINS', 'null', 'CORS_ORIGINS ("null"): must be origins'],
    ['CORS_ORIGINS', 'https://a.example/', 'CORS_ORIGINS ("https://a.example/"): must be origins'],
    ['CORS_ORIGINS', 'https://a.example, b.example', 'CORS_ORIGINS ("https://a.example, b.example"): must be origins'],
    ['OUTBOUND_ALLOW', 'private', 'OUTBOUND_ALLOW ("private"): must be IP addresses or networks'],
    ['OUTBOUND_ALLOW', 'fe80::1%eth0', 'OUTBOUND_ALLOW ("fe80::1%eth0"): must be IP addresses or networks'],
    ['OUTBOUND_ALLOW', '10.0.0.1:80', 'OUTBOUND_ALLOW ("10.0.0.1:80"): must be IP addresses or networks'],
    ['MAIL_FROM', 'nobody', 'MAIL_FROM ("nobody"): must be a mailbox'],
    ['MAIL_FROM', 'a@b.example\r\nBcc: c@d.example', 'must be a mailbox'],
    ['SMTP_URL', 'mail.example.com', 'SMTP_URL (set): must be smtp://'],
    ['SLACK_WEBHOOK_URL', 'hooks.example.com', 'SLACK_WEBHOOK_URL (set): must be the URL'],
    ['AUDIT_ANCHORS', 'file:checkpoints', 'AUDIT_ANCHORS (set): must be file:/folder/file, s3://bucket/prefix/ or'],
    ['AUDIT_ANCHORS', 's3://bucket/no-slash', 'must be file:/folder/file, s3://bucket/prefix/ or'],
    ['AUDIT_ANCHORS', 'https://user:pw@witness.example', 'must be file:/folder/file, s3://bucket/prefix/ or'],
    ['AUDIT_ANCHORS', 'file:/a/b,file:/a/b', 'AUDIT_ANCHORS (set): must name each anchor once'],
    ['AUDIT_ANCHORS', 'https://witness.example', 'AUDIT_ANCHOR_SECRET (not set): must be set when AUDIT_ANCHORS names'],
    ['AUDIT_ANCHOR_SECRET', 'short', 'AUDIT_ANCHOR_SECRET (set): must be whsec_ and at least 24 bytes'],
    ['AUTH_FAILURES_PER_ADDRESS', '0', 'AUTH_FAILURES_PER_ADDRESS ("0"): '],
    ['SESSION_HOURS', '0', 'SESSION_HOURS ("0"): '],
    ['OIDC_ISSUERS', '{', 'OIDC_ISSUERS (set): must be a JSON array, for example [{"issuer"'],
    ['OIDC_ISSUERS', '{}', 'OIDC_ISSUERS (set): '],
    ['OIDC_ISSUERS', '[{"issuer":"http://login.example.com","audience":"a"}]', '0.issuer: must be the https URL'],
    ['OIDC_ISSUERS', '[{"issuer":"https://login.example.com"}]', '0.audience: '],
    ['OIDC_ISSUERS', '[{"issuer":"https://i.example","audience":"a","algorithms":["HS256"]}]', '0.algorithms.0: '],
    ['OIDC_ISSUERS', '[{"issuer":"https://i.example","audience":"a","algorithms":["none"]}]', '0.algorithms.0: '],
    ['OIDC_ISSUERS', '[{"issuer":"https://i.example","audience":"a","clientID":"x"}]', 'clientID'],
    ['S3_BUCKET', 'Has Spaces', 'S3_BUCKET ("Has Spaces"): must be the name of a bucket'],
    ['S3_BUCKET', 'models', 'S3_BUCKET ("models"): has no meaning unless ARTIFACT_STORE is S3'],
    ['S3_PREFIX', 'no-slash', 'S3_PREFIX ("no-slash"): must be names that end with "/"'],
    ['S3_PREFIX', '../', 'S3_PREFIX ("../"): must be names that end with "/"'],
    ['S3_ENDPOINT', 'https://key:secret@s3.example.com', 'credentials come from where the AWS SDK looks for them'],
    ['ARTIFACT_STORE', 'S3', 'S3_BUCKET (not set): must name the bucket when ARTIFACT_STORE is S3'],
    ['ARTIFACT_TRANSFER', 'PRESIGNED', 'ARTIFACT_TRANSFER ("PRESIGNED"): must be PROXIED when ARTIFACT_STORE is LOCAL'],
  ])('names a wrong %s=%s and its value', (name, value, message) => {
    expect(() => loadConfig({ ...database, [name]: value })).toThrow(message);
  });

  it('names every wrong variable at once, and never the value of a secret', () => {
    const wrong = {
      DATABASE_URL: 'mysql://u:secret@h/d',
      REDIS_URL: 'http://:secret@h',
      BOOTSTRAP_ADMIN_TOKEN: 'secret',
      OIDC_ISSUERS: '[{"clientSecret":"secret"}]',
    };
    const message = messageOf(wrong);
    for (const name of Object.keys(wrong)) expect(message).toContain(`${name} (set): `);
    expect(message).not.toContain('secret');
  });

  it('reads lists, which are empty when not set', () => {
    expect(loadConfig(database).settings).toMatchObject({ TRUST_PROXY: [], CORS_ORIGINS: [] });
    const { settings } = loadConfig({
      ...database,
      TRUST_PROXY: 'loopback, 10.0.0.0/8,fd00::/8, 192.0.2.1',
      CORS_ORIGINS: 'https://console.example.com, http://localhost:5173',
    });
    expect(settings.TRUST_PROXY).toEqual(['loopback', '10.0.0.0/8', 'fd00::/8', '192.0.2.1']);
    expect(settings.CORS_ORIGINS).toEqual(['https://console.example.com', 'http://localhost:5173']);
  });

  it('reads issuers, and what is left out of them', () => {
    const one = { issuer: 'https://login.example.com/tenant', audience: 'imprimatur' };
    expect(loadConfig(database).settings.OIDC_ISSUERS).toEqual([]);
    expect(loadConfig({ ...database, OIDC_ISSUERS: JSON.stringify([one]) }).settings.OIDC_ISSUERS).toEqual([
      {
        issuer: 'https://login.example.com/tenant',
        audience: ['imprimatur'],
        algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
        clockSkewSeconds: 60,
        nameClaim: 'preferred_username',
        createGroups: false,
        scope: 'openid profile',
      },
    ]);
    expect(() => loadConfig({ ...database, OIDC_ISSUERS: JSON.stringify([one, one]) })).toThrow(
      'names an issuer twice',
    );
  });

  it('takes an address of IP version 6 as the host', () => {
    expect(loadConfig({ ...database, HOST: '::1', PORT: '1' }).publicUrl).toBe('http://[::1]:1');
    expect(loadConfig({ ...database, PUBLIC_URL: 'https://models.example.com/' }).publicUrl).toBe(
      'https://models.example.com',
    );
  });

  it('describes every setting', () => {
    expect(describedSettings.filter(({ description }) => !description)).toEqual([]);
  });
});
