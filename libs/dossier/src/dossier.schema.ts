import { gateStatuses } from '@app/gates';
import { gateTypes, promotionKinds } from '@app/policy';
import { promotionStates, verdicts } from '@app/promotion';
import { z } from 'zod';
import { completenessSchema } from './completeness.schema.js';
import { headingSchema, sections } from './headings.schema.js';
import { decisionEndings, digest, instant, json, list, number, object, person, text } from './schema-parts.js';

export const dossierFormat = 'imprimatur-dossier/1';

const target = object({ kind: z.enum(['STAGE', 'ALIAS']), name: text });

const request = object({
  number,
  kind: z.enum(promotionKinds),
  state: z.enum(promotionStates),
  stateReason: text.nullable(),
  model: text.describe('The full name that it had when the request was opened'),
  version: number,
  target,
  incumbent: number.nullable().describe('The version that held the target when the gates last ran'),
  requester: person,
  justification: text,
  artifactDigest: digest,
  round: number.describe('How often the gates were set going'),
  supersededBy: number.nullable(),
  createdAt: instant,
  expiresAt: instant.nullable(),
  approvedAt: instant.nullable(),
  applyAfter: instant.nullable(),
  closedAt: instant.nullable(),
  history: list(object({ action: text, at: instant })).describe(
    'Changes of the request and of its gates; the last 500',
  ),
});

const version = object({
  name: text,
  status: text,
  stage: text,
  description: text.nullable(),
  tags: list(object({ key: text, value: text })).describe('Those of the version, and then those of the model'),
  aliases: list(text),
  createdAt: instant,
  createdBy: person.nullable(),
  model: object({ fullName: text, description: text.nullable(), owner: person }),
  card: object({
    file: text.nullable().describe('The file of the version that the text is from'),
    text: text.nullable(),
    cutOff: z.boolean(),
    sections: list(text).describe(
      'Headings, in small letters, under which there is text: of the file and of both descriptions',
    ),
  }),
  artifact: object({
    digest: digest.nullable(),
    bytes: number.nullable(),
    files: number,
    manifest: list(object({ path: text, bytes: number, sha256: text })),
    omitted: number.describe('Files beyond those'),
  }),
  signature: json,
  flavors: list(text),
  requirements: list(text).nullable(),
  source: text,
  runId: text.nullable(),
});

const training = object({
  run: object({ id: text, name: text, status: text, user: text, startedAt: instant, endedAt: instant.nullable() }),
  sourceCommit: text.nullable(),
  metrics: list(
    object({
      name: text,
      value: z.union([z.number(), text]).describe('NaN and the infinities are texts'),
      step: z.int(),
      dataset: object({ name: text, digest: text.nullable() }).nullable(),
    }),
  ),
  params: list(object({ name: text, value: text })),
  datasets: list(object({ name: text, digest: text, sourceType: text, source: text, context: text.nullable() })),
});

const lineage = object({
  nodes: list(
    object({
      ref: text.describe('In this document only'),
      kind: text,
      name: text.nullable().describe('null: the viewer may not see it, or it is gone'),
      depth: number,
    }),
  ),
  edges: list(object({ source: text, target: text, kind: text, context: text.nullable() })),
  truncatedBy: list(text),
});

const gate = object({
  key: text,
  type: z.enum(gateTypes),
  required: z.boolean(),
  status: z.enum(gateStatuses),
  summary: text.nullable(),
  configuration: json.describe('null where the policy that it is from is not shown'),
  output: json,
  inputs: json.describe('Digests of what went in'),
  attempt: number,
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
  log: object({
    lines: list(object({ line: number, at: instant, stream: text, text })),
    omitted: number.describe('Lines in the middle that are left out'),
  }),
  waivers: list(
    object({
      state: text,
      reason: text,
      proposedBy: person,
      proposedAt: instant,
      decidedBy: person.nullable(),
      decidedAt: instant.nullable(),
      comment: text.nullable(),
    }),
  ),
});

const decision = object({
  verdict: z.enum(verdicts),
  reviewer: person,
  rules: list(text).describe('The approval rules that name the reviewer, as memberships are now: policy/rule'),
  comment: text.nullable(),
  evidenceDigest: digest,
  stale: z.boolean().describe('Made on other evidence than the request has now'),
  decidedAt: instant,
  endedAt: instant.nullable(),
  ending: z.enum(decisionEndings).nullable(),
});

const approval = object({
  rule: text.describe('policy/rule'),
  need: number,
  dryRun: z.boolean(),
  named: list(person)
    .nullable()
    .describe('Who may fill its places: people and groups; null where the policy is not shown'),
  counted: list(person)
    .nullable()
    .describe('Who filled them when it was applied, as the signed statement says; null before, and without it'),
});

const policy = object({
  name: text,
  on: text,
  revision: number,
  dryRun: z.boolean(),
  text: object({ rules: json, author: person.nullable(), reason: text.nullable(), createdAt: instant }).nullable(),
});

const statement = object({
  keyId: text,
  predicateType: text,
  createdAt: instant,
  envelope: json.describe('DSSE, its payload an in-toto statement'),
});

const review = object({
  openedAt: instant,
  dueAt: instant,
  closedAt: instant.nullable(),
  closedBy: person.nullable(),
  outcome: text.nullable(),
  comment: text.nullable(),
});

const thread = object({
  blocking: z.boolean(),
  openedBy: person,
  openedAt: instant,
  resolvedBy: person.nullable(),
  resolvedAt: instant.nullable(),
  comments: list(object({ author: person, text, at: instant })),
});

const events = object({
  checkpoint: text.nullable().describe('The signed note that all proofs are against: the first that covers them'),
  treeSize: number.nullable(),
  rootHash: text.nullable(),
  entries: list(
    object({
      sequence: number.nullable().describe('null: it is not sealed yet'),
      entry: text.nullable().describe('The event in canonical JSON; null: it is not kept any more'),
      leafHash: text.nullable(),
      proof: list(text).describe('RFC 9162, 2.1.3, from the leaf up, in base64'),
    }),
  ),
  omitted: number.describe('Earlier events that are left out'),
});

/** The whole of a promotion in one document (docs/dossier.md). A change of its fields that breaks readers makes another format. */
export const dossierSchema = object({
  format: z.literal(dossierFormat),
  request,
  version: version.nullable(),
  training: training.nullable(),
  lineage: lineage.nullable(),
  evidence: object({
    digest,
    verified: z.boolean().describe('The digest was computed again from the content, and is the one on record'),
    content: json,
  }).nullable(),
  gates: list(gate),
  approvals: list(approval),
  decisions: list(decision),
  policies: list(policy),
  statement: statement.nullable(),
  review: review.nullable(),
  discussion: list(thread),
  events: events.nullable(),
  notShown: list(object({ section: z.enum(sections), why: text })),
  headings: list(headingSchema),
  completeness: completenessSchema,
});

export type Dossier = z.infer<typeof dossierSchema>;

/** What the parts of a dossier are made of, before it is looked at as a whole. */
export type DossierContent = Omit<Dossier, 'format' | 'headings' | 'completeness'>;

/** docs/dossier.schema.json. */
export const dossierJsonSchema = (): object => z.toJSONSchema(dossierSchema, { target: 'draft-2020-12' });
