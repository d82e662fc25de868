import type { AccessDocument, DesiredGrant, DesiredSecurable, NamedPrincipal } from './access-document.js';
import { type AccessFile, accessFile, type Mode } from './access-file.schema.js';
import { invalidFile, placeText, schemaProblems } from './problems.js';
import { metastoreName, nameKey, nameOf, refKey, type SecurableKind } from './securable-kind.js';
import { type Place, type Problem, Source } from './source.js';

export interface SourceText {
  /** What the file is called in messages. */
  file: string;
  text: string;
}

interface Parsed {
  source: Source;
  content: AccessFile;
}

type Section = 'metastore' | 'catalogs' | 'schemas' | 'models' | 'experiments';
const kindOfSection: Record<Section, SecurableKind> = {
  metastore: 'METASTORE',
  catalogs: 'CATALOG',
  schemas: 'SCHEMA',
  models: 'REGISTERED_MODEL',
  experiments: 'EXPERIMENT',
};

/**
 * Reads and checks all files of one apply.
 * @param givenMode what --mode says
 * @throws CliError that names every problem with its file, line and column
 */
export function readAccessFiles(texts: readonly SourceText[], givenMode?: Mode): AccessDocument {
  const parsed: Parsed[] = [];
  const problems: Problem[] = [];
  for (const { file, text } of texts) {
    const source = new Source(file, text);
    const wrong = source.syntaxProblems();
    const content = wrong.length === 0 ? accessFile.safeParse(source.value()) : undefined;
    if (content?.success) parsed.push({ source, content: content.data });
    problems.push(...wrong, ...schemaProblems(content?.error?.issues ?? [], source.value(), source));
  }
  if (problems.length > 0) throw invalidFile(problems);

  const mode = modeOf(parsed, givenMode, problems);
  const document: AccessDocument = { mode, groups: [], securables: [], principals: [] };
  for (const each of parsed) add(each, document, problems);
  problems.push(...repetitions(document));
  if (problems.length > 0) throw invalidFile(problems);
  return document;
}

/** There is no default: whoever removes access says so. */
function modeOf(parsed: readonly Parsed[], given: Mode | undefined, problems: Problem[]): Mode {
  let mode = given;
  for (const { source, content } of parsed) {
    const told = content.mode;
    if (mode && told && told !== mode) {
      const other = given ? `--mode says ${given}` : `another file says ${mode}`;
      problems.push({ place: source.place(['mode']), message: `"${told}" contradicts: ${other}` });
    }
    mode ??= told;
  }
  if (!mode && parsed[0]) {
    const message =
      'mode is missing: write "mode: additive" or "mode: authoritative", or give --mode; there is no default';
    problems.push({ place: parsed[0].source.place([]), message });
  }
  return mode ?? 'additive';
}

function add({ source, content }: Parsed, document: AccessDocument, problems: Problem[]): void {
  const named = (name: string, ...path: PropertyKey[]): NamedPrincipal => ({ name, place: source.place(path) });
  for (const [name, { members }] of Object.entries(content.groups ?? {})) {
    if (nameKey(name) === 'everyone') {
      const message = 'holds all enabled users and service principals by itself: its members cannot be described';
      problems.push({ place: source.place(['groups', name]), message });
    }
    const people = members.map((member, index) => named(member, 'groups', name, 'members', index));
    document.groups.push({ name, members: people, place: source.place(['groups', name]) });
    document.principals.push(...people);
    problems.push(...twice(people, 'member'));
  }
  for (const [section, kind] of Object.entries(kindOfSection) as [Section, SecurableKind][]) {
    const inSection =
      section === 'metastore' ? content.metastore && { [metastoreName]: content.metastore } : content[section];
    for (const [fullName, described] of Object.entries(inSection ?? {})) {
      const path = section === 'metastore' ? [section] : [section, fullName];
      const securable = { kind, fullName, place: source.place(path), ...described };
      addSecurable(securable, path, source, document, problems);
    }
  }
}

type Described = Omit<DesiredSecurable, 'grants' | 'policies'> &
  Pick<NonNullable<AccessFile['metastore']>, 'grants' | 'policies'>;

function addSecurable(
  { grants, policies, ...rest }: Described,
  path: readonly PropertyKey[],
  source: Source,
  document: AccessDocument,
  problems: Problem[],
): void {
  const securable: DesiredSecurable = { ...rest };
  const named = (name: string, ...below: PropertyKey[]) => ({ name, place: source.place([...path, ...below]) });
  if (rest.owner) document.principals.push(named(rest.owner, 'owner'));
  if (grants) {
    const holders = Object.keys(grants).map((name) => named(name, 'grants', name));
    document.principals.push(...holders);
    problems.push(...twice(holders, 'principal'));
    securable.grants = Object.entries(grants).flatMap(([principal, entries]) => {
      const written = entries.map((entry): DesiredGrant => {
        if (typeof entry === 'string') return { principal, privilege: entry, expiresAt: null };
        return { principal, privilege: entry.privilege, expiresAt: new Date(entry.expiresAt) };
      });
      const words = written.map(({ privilege }, index) => named(privilege, 'grants', principal, index));
      problems.push(...twice(words, 'privilege'));
      return written;
    });
  }
  if (policies) {
    securable.policies = Object.entries(policies).map(([name, rules]) => {
      rules.approvals.forEach(({ approvers }, rule) => {
        const people = approvers.map((each, index) =>
          named(each, 'policies', name, 'approvals', rule, 'approvers', index),
        );
        document.principals.push(...people);
        problems.push(...twice(people, 'approver'));
      });
      return { name, rules, place: source.place([...path, 'policies', name]) };
    });
    problems.push(...twice(securable.policies, 'policy'));
  }
  document.securables.push(securable);
}

/** Names that are the same to the server, which ignores case. */
function twice(items: readonly { name: string; place: Place }[], noun: string): Problem[] {
  const first = new Map<string, Place>();
  return items.flatMap(({ name, place }) => {
    const key = nameKey(name);
    const before = first.get(key);
    if (!before) first.set(key, place);
    return before ? [{ place, message: `${noun} "${name}" is named twice: also in ${placeText(before)}` }] : [];
  });
}

/** The same group or securable described in two places: one of them would be overlooked. */
function repetitions({ groups, securables }: AccessDocument): Problem[] {
  const described = securables.map((one) => ({ key: refKey(one), noun: nameOf(one), place: one.place }));
  const all = [
    ...groups.map(({ name, place }) => ({ key: `GROUP ${nameKey(name)}`, noun: `group ${name}`, place })),
    ...described,
  ];
  const first = new Map<string, Place>();
  return all.flatMap(({ key, noun, place }) => {
    const before = first.get(key);
    if (!before) first.set(key, place);
    return before ? [{ place, message: `${noun} is described twice: also in ${placeText(before)}` }] : [];
  });
}
