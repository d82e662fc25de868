import type { Rows } from './case.js';
import { issuer, metastore, type WalkWorld } from './world.js';

const notOneself = { reader: 'everybody makes tokens for himself', stranger: 'everybody makes tokens for himself' };

const user = async (w: WalkWorld): Promise<string> => (await w.t.make.user(w.fresh('user'))).name;

async function member(w: WalkWorld) {
  const [person, group] = [await w.t.make.user(w.fresh('user')), await w.t.make.group([], w.fresh('group'))];
  return { person, group, input: { group: group.name, member: person.name } };
}

const creates = (mutation: string): Rows => ({
  [mutation]: (w) => {
    const name = w.fresh('principal');
    return { input: { name, displayName: 'x' }, events: [`principal.created ${name} (after)`] };
  },
});

/** Principals, groups, tokens, identities, grants. */
export const accessRows: Rows = {
  ...creates('userCreate'),
  ...creates('servicePrincipalCreate'),
  ...creates('groupCreate'),
  accessTokenCreate: (w) => {
    const name = w.fresh('token');
    return {
      input: { name },
      events: [`access_token.created ${w.owner.name}/${name} (after)`],
      notRefused: notOneself,
    };
  },
  accessTokenRevoke: async (w) => {
    const name = w.fresh('token');
    const { accessToken } = await w.done('accessTokenCreate', { name }, 'accessToken { id }');
    return {
      input: { accessTokenId: accessToken.id },
      events: [`access_token.revoked ${w.owner.name}/${name} (before)`],
      onceMore: 'NOTHING',
    };
  },
  externalIdentityLink: async (w) => {
    const name = await user(w);
    const input = { principal: name, issuer, externalId: w.fresh('subject') };
    return { input, events: [`principal.identity_linked ${name} (after)`], onceMore: 'NOTHING' };
  },
  externalIdentityUnlink: async (w) => {
    const name = await user(w);
    const input = { principal: name, issuer, externalId: w.fresh('subject') };
    await w.done('externalIdentityLink', input);
    return { input, events: [`principal.identity_unlinked ${name} (before)`], onceMore: 'NOTHING' };
  },
  grantCreate: async (w) => {
    const name = await user(w);
    const input = { securable: metastore, principal: name, privilege: 'CREATE_CATALOG' };
    return { input, events: [`grant.created CREATE_CATALOG on metastore to ${name} (after)`], onceMore: 'NOTHING' };
  },
  grantRevoke: async (w) => {
    const name = await user(w);
    const input = { securable: metastore, principal: name, privilege: 'CREATE_CATALOG' };
    const { grant } = await w.done('grantCreate', input, 'grant { id }');
    return { input: { grantId: grant.id }, events: [`grant.revoked CREATE_CATALOG on metastore to ${name} (before)`] };
  },
  // One call, one event for each grant that is made, changed or revoked.
  grantsUpdate: async (w) => {
    const [one, other, third] = [await user(w), await user(w), await user(w)];
    const to = (principal: string, more = {}) => ({ principal, privilege: 'CREATE_CATALOG', ...more });
    const add = [to(one), to(other)];
    await w.done('grantsUpdate', { securable: metastore, add });
    return {
      input: {
        securable: metastore,
        add: [to(third), to(one, { expiresAt: '2100-01-01T00:00:00Z' })],
        remove: [to(other)],
      },
      events: [
        `grant.changed CREATE_CATALOG on metastore to ${one} (before, after)`,
        `grant.created CREATE_CATALOG on metastore to ${third} (after)`,
        `grant.revoked CREATE_CATALOG on metastore to ${other} (before)`,
      ],
      onceMore: 'NOTHING',
    };
  },
  groupMemberAdd: async (w) => {
    const { group, input } = await member(w);
    return { input, events: [`group.member_added ${group.name} (after)`], onceMore: 'NOTHING' };
  },
  groupMemberRemove: async (w) => {
    const { group, input } = await member(w);
    await w.done('groupMemberAdd', input);
    return { input, events: [`group.member_removed ${group.name} (before)`], onceMore: 'NOTHING' };
  },
  notificationPreferencesUpdate: (w) => ({
    input: { muted: ['COMMENT'] },
    events: [`principal.notifications_changed ${w.owner.name} (before, after)`],
    onceMore: 'NOTHING',
    notRefused: { stranger: 'they are his own', reader: 'they are his own' },
  }),
  principalDelete: async (w) => {
    const name = await user(w);
    return { input: { name }, events: [`principal.deleted ${name} (before)`] };
  },
  principalDisable: async (w) => {
    const name = await user(w);
    return { input: { name }, events: [`principal.disabled ${name} (before, after)`], onceMore: 'NOTHING' };
  },
  principalEmailUpdate: async (w) => {
    const name = await user(w);
    const input = { name, email: `${name}@example.com` };
    // The trail keeps for ever what it has, and so not the address.
    return { input, events: [`principal.email_changed ${name} (after)`], onceMore: 'NOTHING' };
  },
  principalEnable: async (w) => {
    const name = await user(w);
    await w.done('principalDisable', { name });
    return { input: { name }, events: [`principal.enabled ${name} (before, after)`], onceMore: 'NOTHING' };
  },
  principalUpdate: async (w) => {
    const name = await user(w);
    const input = { name, displayName: 'Ada' };
    return { input, events: [`principal.updated ${name} (before, after)`], onceMore: 'NOTHING' };
  },
};
