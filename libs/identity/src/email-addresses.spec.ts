import { PermissionDenied } from '@app/access';
import { FailedPrecondition, InvalidArgument, NotFound } from '@app/platform';
import fc from 'fast-check';
import sql from 'sql-template-tag';
import { Factories, type TestPrincipal } from '../../../test/support/factories.js';
import { createTestModule, type TestModule } from '../../../test/support/module.js';
import { isEmailAddress } from './email-address.js';
import { EmailAddresses } from './email-addresses.service.js';
import { IdentityModule } from './identity.module.js';

describe('EmailAddresses', () => {
  let t: TestModule;
  let make: Factories;
  let emails: EmailAddresses;
  let admin: TestPrincipal;
  let user: TestPrincipal;

  beforeAll(async () => {
    t = await createTestModule([IdentityModule]);
    make = new Factories(t.db);
    emails = t.module.get(EmailAddresses);
    admin = await make.admin('root');
  });
  afterAll(() => t.close());
  beforeEach(async () => {
    user = await make.user();
  });

  const events = (objectId: string) =>
    t.db.query(
      sql`SELECT action, actor_name AS actor, before, after, reason FROM audit_events WHERE object_id = ${objectId} ORDER BY id`,
    );
  const setOwn = (address: string | null) => t.as(user, () => emails.setOwn(address));
  const claim = (address: string | null) => emails.claim(user, address);
  const own = () => t.as(user, () => emails.own());

  it('are set and taken away by the user himself, with an event that does not keep the address', async () => {
    await setOwn('ada@example.com');
    await setOwn('ada@example.com');
    expect(await own()).toEqual({ address: 'ada@example.com', claimed: false });
    await setOwn(null);
    await setOwn(null);
    expect(await own()).toBeUndefined();
    const event = { action: 'principal.email_changed', actor: user.name, before: null, reason: null };
    expect(await events(user.id)).toEqual([
      { ...event, after: { email: 'set' } },
      { ...event, after: { email: 'removed' } },
    ]);
  });

  it('are set for others by an administrator alone', async () => {
    expect(await t.as(admin, () => emails.set(user.id, 'a@example.com'))).toEqual({
      address: 'a@example.com',
      claimed: false,
    });
    const stranger = await make.user();
    await expect(t.as(stranger, () => emails.set(user.id, 'evil@example.com'))).rejects.toThrow(PermissionDenied);
    await expect(t.as(stranger, () => emails.set(stranger.id, null))).rejects.toThrow(PermissionDenied);
    await expect(t.as(admin, () => emails.set('nobody', null))).rejects.toThrow(NotFound);
    expect(await own()).toMatchObject({ address: 'a@example.com' });
  });

  it('are for users', async () => {
    const [robot, group] = [await make.principal('SERVICE_PRINCIPAL'), await make.group()];
    for (const { id } of [robot, group]) {
      await expect(t.as(admin, () => emails.set(id, 'x@example.com'))).rejects.toThrow(FailedPrecondition);
    }
  });

  it('follow what the issuer has verified, until somebody enters another one here', async () => {
    await claim('first@example.com');
    expect(await own()).toEqual({ address: 'first@example.com', claimed: true });
    await claim('second@example.com');
    await Promise.all([claim('second@example.com'), claim('second@example.com')]);
    await claim(null);
    await claim('not an address');
    expect(await own()).toEqual({ address: 'second@example.com', claimed: true });
    expect(await events(user.id)).toHaveLength(2);
    await setOwn('mine@example.com');
    await claim('third@example.com');
    expect(await own()).toEqual({ address: 'mine@example.com', claimed: false });
  });

  it.each([
    '',
    'ada',
    'ada@',
    '@example.com',
    'ada@example.com,eve@example.com',
    'ada@example.com;eve@example.com',
    'Ada <ada@example.com>',
    '"ada"@example.com',
    'ada@example.com\r\nBcc: eve@example.com',
    'ada@exa mple.com',
    'ada@[127.0.0.1]',
    'ada@-example.com',
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a'.repeat(250)}.com`,
  ])('are not like %j', async (address) => {
    await expect(setOwn(address)).rejects.toThrow(InvalidArgument);
  });

  it('never hold what could end a header, or name a second person', () => {
    const part = fc.string({ unit: 'binary', maxLength: 8 });
    const text = fc.tuple(part, part, part).map(([a, b, c]) => `${a}@${b}.${c}`);
    fc.assert(
      fc.property(text, (address) => {
        if (isEmailAddress(address)) expect(address).not.toMatch(/[\s\p{C}<>,;:"()]|@.*@/u);
      }),
      { numRuns: 2000 },
    );
    expect(isEmailAddress('grüße+tag@müller.example')).toBe(true);
  });
});
