import fc from 'fast-check';
import {
  distinct,
  drawnGrant,
  everyone,
  type Given,
  givenOf,
  keyOf,
  type Thing,
  type Who,
  type World,
  worlds,
} from './worlds.js';

/** Changes of a world, in its own objects. */
export interface Change {
  granted: Given[];
  revoked: Given[];
  joined: { member: Who; group: Who }[];
  left: { member: Who; group: Who }[];
  transferred: { thing: Thing; owner: Who }[];
}

/** A world, and changes of it that can be made. */
export const changes = fc
  .tuple(
    worlds,
    fc.record({
      granted: fc.array(drawnGrant, { maxLength: 3, size: 'max' }),
      revoked: fc.array(fc.nat(29), { maxLength: 3, size: 'max' }),
      joined: fc.array(fc.tuple(fc.nat(4), fc.nat(3)), { maxLength: 3, size: 'max' }),
      left: fc.array(fc.nat(9), { maxLength: 3, size: 'max' }),
      transferred: fc.array(fc.tuple(fc.nat(11), fc.nat(5)), { maxLength: 1 }),
    }),
  )
  .map(([world, drawn]): { world: World; change: Change } => {
    const { users, groups, things } = world;
    const people = [users[0], users[1], ...groups] as Who[];
    const memberships = [...users, ...groups].flatMap((member) => member.in.map((group) => ({ member, group })));
    const pick = <T>(list: T[], at: number): T[] => (list.length > 0 ? [list[at % list.length] as T] : []);
    const granted = drawn.granted
      .filter(({ expiry }) => expiry !== 'past')
      .map((grant) => givenOf(grant, [...people, everyone], things));
    // A user into any group, a group into one further back: no cycle.
    const joined = drawn.joined.flatMap(([one, other]) => {
      const member = [users[0], users[1], groups[0], groups[1], groups[2]][one] as Who;
      return one < 2 || one - 2 < other ? [{ member, group: groups[other] as Who }] : [];
    });
    const left = drawn.left.flatMap((at) => pick(memberships, at));
    const isJoined = (one: (typeof left)[number]) =>
      joined.some(({ member, group }) => member === one.member && group === one.group);
    const change = {
      granted: distinct(granted),
      revoked: drawn.revoked
        .flatMap((at) => pick(world.given, at))
        .filter((grant) => !granted.some((one) => keyOf(one) === keyOf(grant))),
      joined,
      left: left.filter((one) => !isJoined(one)),
      transferred: drawn.transferred.map(([at, owner]) => ({
        thing: things[at] as Thing,
        owner: people[owner] as Who,
      })),
    };
    return { world, change };
  });

/** The world after the changes, in objects of its own. */
export function changed({ users, groups, things, given }: World, change: Change): World {
  const copies = new Map<Who, Who>();
  const who = (original: Who): Who => {
    const known = copies.get(original);
    if (known) return known;
    const copy: Who = { ...original, in: [] };
    copies.set(original, copy);
    const gone = change.left.filter(({ member }) => member === original).map(({ group }) => group);
    const added = change.joined.filter(({ member }) => member === original).map(({ group }) => group);
    copy.in = [...new Set([...original.in.filter((group) => !gone.includes(group)), ...added])].map(who);
    return copy;
  };
  const moved = new Map<Thing, Thing>();
  for (const thing of things) {
    const owner = change.transferred.find((transfer) => transfer.thing === thing)?.owner ?? thing.owner;
    moved.set(thing, { ...thing, owner: who(owner), parent: thing.parent && (moved.get(thing.parent) as Thing) });
  }
  const keyless = (grant: Given) => !change.revoked.some((one) => keyOf(one) === keyOf(grant));
  return {
    users: users.map(who),
    groups: groups.map(who),
    things: things.map((thing) => moved.get(thing) as Thing),
    given: distinct([...given.filter(keyless), ...change.granted]).map((grant) => ({
      ...grant,
      to: grant.to === everyone ? everyone : who(grant.to),
      on: moved.get(grant.on) as Thing,
    })),
  };
}
