import { above, everyone, type Given, grantedOn, type Thing, type Who, type World } from './worlds.js';

/** "ALL_PRIVILEGES: every data privilege. Never …" */
const governance = ['MANAGE', 'APPROVE_PROMOTION', 'WAIVE_GATE', 'BREAK_GLASS', 'MANAGE_POLICY', 'READ_AUDIT'];

/** "A token for reading: the privileges that only show." */
const showing = ['DISCOVER', 'USE_CATALOG', 'USE_SCHEMA', 'BROWSE', 'EXECUTE', 'READ', 'READ_AUDIT'];

export interface Narrowing {
  readOnly: boolean;
  catalogId: string | null;
}

/** domain.md, sections 2 and 3, sentence by sentence, for one user or service principal. It shares no code with the core. */
export class Reference {
  private readonly identities = new Set<Who>();

  constructor(
    private readonly given: readonly Given[],
    who: Who,
  ) {
    const add = (principal: Who) => {
      this.identities.add(principal);
      principal.in.forEach(add);
    };
    if (!who.disabled) for (const principal of [who, everyone]) add(principal);
  }

  static of(world: World, who: Who): Reference {
    return new Reference(world.given, who);
  }

  allowed(
    question: string,
    thing: Thing,
    { readOnly, catalogId }: Narrowing = { readOnly: false, catalogId: null },
  ): boolean {
    if (readOnly && !showing.includes(question)) return false;
    const known = question === 'DISCOVER' && thing.kind === 'METASTORE';
    if (catalogId && !known && catalogOf(thing)?.id !== catalogId) return false;
    if (question === 'DISCOVER') return this.sees(thing);
    if (!hasMeaning(question, thing)) return false;
    if (question === 'BROWSE') return this.browses(thing);
    if (question === 'READ_AUDIT') return this.holds(question, thing);
    const creates = question === 'CREATE_SCHEMA' || question === 'CREATE_MODEL';
    return this.passesGates(creates ? [thing, ...above(thing)] : above(thing)) && this.holds(question, thing);
  }

  /** To see: BROWSE on the catalog, or the gates and any privilege that has a meaning on it. */
  private sees(thing: Thing): boolean {
    const meaningful = Object.keys(grantedOn).filter((privilege) => grantedOn[privilege]?.includes(thing.kind));
    return (
      this.browses(thing) ||
      (this.passesGates(above(thing)) && meaningful.some((privilege) => this.holds(privilege, thing)))
    );
  }

  private browses(thing: Thing): boolean {
    const catalog = catalogOf(thing);
    return catalog !== undefined && this.holds('BROWSE', catalog);
  }

  private passesGates(containers: Thing[]): boolean {
    return containers.every(
      (container) =>
        (container.kind !== 'CATALOG' || this.holds('USE_CATALOG', container)) &&
        (container.kind !== 'SCHEMA' || this.holds('USE_SCHEMA', container)),
    );
  }

  /** The third condition alone: by a grant, by owning the thing, or, for MANAGE, by owning what it is in. */
  private holds(privilege: string, thing: Thing): boolean {
    const owns = ({ owner }: Thing) => this.identities.has(owner);
    if (owns(thing) && (privilege === 'MANAGE' || !governance.includes(privilege))) return true;
    if (privilege === 'MANAGE' && above(thing).some(owns)) return true;
    return this.given.some((grant) => {
      const says =
        grant.privilege === privilege || (grant.privilege === 'ALL_PRIVILEGES' && !governance.includes(privilege));
      const inherits = grant.on.kind !== 'METASTORE' || ['READ_AUDIT', 'BREAK_GLASS'].includes(grant.privilege);
      const reaches = grant.on === thing || (inherits && above(thing).includes(grant.on));
      return grant.expiry !== 'past' && this.identities.has(grant.to) && says && reaches;
    });
  }
}

const catalogOf = (thing: Thing): Thing | undefined => [thing, ...above(thing)].find(({ kind }) => kind === 'CATALOG');

/** Where it can be granted; what is in a catalog can be browsed, and experiments are below the metastore, whose events are read. */
export function hasMeaning(privilege: string, thing: Thing): boolean {
  if (grantedOn[privilege]?.includes(thing.kind)) return true;
  if (privilege === 'BROWSE') return catalogOf(thing) !== undefined;
  return privilege === 'READ_AUDIT' && thing.kind === 'EXPERIMENT';
}

/** The innermost place on the way to a thing where a privilege can be granted. */
export const narrowestPlace = (privilege: string, thing: Thing): Thing | undefined =>
  [thing, ...above(thing)].find(({ kind }) => grantedOn[privilege]?.includes(kind));
