import { createHash } from 'node:crypto';
import { Access, type Securable, SecurableRepository } from '@app/access';
import { canonicalJson, NotFound } from '@app/platform';
import {
  digestOfEvidence,
  type PromotionRequest,
  PromotionRequestReader,
  PromotionStatements,
  type SignedStatement,
} from '@app/promotion';
import { VersionRecords } from '@app/registry';
import { Injectable } from '@nestjs/common';
import { completenessOf } from './completeness.js';
import { type Dossier, type DossierContent, dossierFormat } from './dossier.schema.js';
import { EventParts } from './event-parts.js';
import { GateParts } from './gate-parts.js';
import { headings } from './headings.js';
import type { Section } from './headings.schema.js';
import { OriginParts } from './origin-parts.js';
import { isoInstant, People, PeopleNames } from './people.js';
import { ReviewParts } from './review-parts.js';
import { VersionParts } from './version-part.js';

/** A dossier, with what it is written and known by. */
export interface WrittenDossier {
  dossier: Dossier;
  /** Canonical JSON (RFC 8785): the same for the same request in the same state, and for who may see the same. */
  json: string;
  /** Over it. */
  sha256: string;
}

/** All of one promotion in one document, for auditors (docs/dossier.md). */
@Injectable()
export class Dossiers {
  constructor(
    private readonly access: Access,
    private readonly events: EventParts,
    private readonly gates: GateParts,
    private readonly names: PeopleNames,
    private readonly origins: OriginParts,
    private readonly requests: PromotionRequestReader,
    private readonly reviews: ReviewParts,
    private readonly securables: SecurableRepository,
    private readonly statements: PromotionStatements,
    private readonly versionParts: VersionParts,
    private readonly versions: VersionRecords,
  ) {}

  /**
   * The dossier of a request, in any state of it. For whoever may see the request; what he may not see of it is left out, and
   * said so. A constant number of statements.
   * @throws NotFound when the request is absent, or the caller may not see it
   */
  async ofRequest(number: number): Promise<WrittenDossier> {
    const request = await this.requests.byNumber(number);
    const model = await this.securables.byId(request.modelId);
    // Deleted since the request was found.
    if (!model) throw new NotFound('Promotion request', String(number));
    const content = await this.content(request, model);
    const dossier = {
      format: dossierFormat,
      ...content,
      headings: [...headings],
      completeness: completenessOf(content),
    };
    // What JSON has no word for is left out here, as it is on the wire.
    const json = canonicalJson(JSON.parse(JSON.stringify(dossier)));
    return { dossier: dossier as Dossier, json, sha256: createHash('sha256').update(json).digest('hex') };
  }

  private async content(request: PromotionRequest, model: Securable): Promise<DossierContent> {
    const people = new People();
    const notShown: DossierContent['notShown'] = [];
    const leaveOut = (section: Section, why: string) => {
      notShown.push({ section, why });
      return null;
    };
    const needs = (privilege: string) => `needs ${privilege} on ${model.fullName}`;

    const readable = await this.access.allowed('EXECUTE', model);
    const found = readable ? await this.versions.byId(request.versionId) : undefined;
    const version = found
      ? await this.versionParts.of(model, found, people)
      : leaveOut('version', readable ? 'the version was deleted' : needs('EXECUTE'));
    const training = found?.runId ? await this.origins.training(found.runId) : null;
    if (!found) leaveOut('training', readable ? 'the version was deleted' : needs('EXECUTE'));
    else if (found.runId && !training) {
      leaveOut('training', `needs READ on the experiment of run ${found.runId}, where the run is not gone`);
    }
    const lineage = found
      ? await this.origins.upstream(found.id)
      : leaveOut('lineage', readable ? 'the version was deleted' : needs('EXECUTE'));

    const texts = await this.gates.policyTexts(request, people);
    const policies = this.gates.policies(request, texts);
    if (policies.some(({ text }) => text === null)) {
      leaveOut(
        'policies',
        'the rules of a policy need a privilege on the catalog, the schema or the model that it hangs on',
      );
    }
    const [statement] = readable ? await this.statements.ofRequests([request.id]) : [];
    if (!readable) leaveOut('statement', needs('EXECUTE'));

    const changes = await this.events.changes(request);
    const audited = await this.access.allowed('READ_AUDIT', model);
    const content: DossierContent = {
      request: { ...toRequest(request, people), history: this.events.history(changes) },
      version,
      training,
      lineage,
      evidence: toEvidence(request),
      gates: await this.gates.runs(request, texts, people),
      approvals: this.reviews.approvals(request, statement, people),
      decisions: await this.reviews.decisions(request, people),
      policies,
      statement: statement ? toStatement(statement) : null,
      review: await this.reviews.breakGlassReview(request, people),
      discussion: await this.reviews.discussion(request, people),
      events: audited ? await this.events.events(request, changes) : leaveOut('events', needs('READ_AUDIT')),
      notShown,
    };
    await this.names.fillIn(people);
    return content;
  }
}

const toRequest = (request: PromotionRequest, people: People): Omit<Dossier['request'], 'history'> => ({
  number: request.number,
  kind: request.kind,
  state: request.state,
  stateReason: request.stateReason,
  model: request.modelFullName,
  version: request.versionNumber,
  target: request.target,
  incumbent: request.incumbentVersionNumber,
  requester: people.person(request.requesterId),
  justification: request.justification,
  artifactDigest: request.artifactDigest,
  round: request.round,
  supersededBy: request.supersededByNumber,
  createdAt: request.createdAt.toISOString(),
  expiresAt: isoInstant(request.expiresAt),
  approvedAt: isoInstant(request.approvedAt),
  applyAfter: isoInstant(request.applyAfter),
  closedAt: isoInstant(request.closedAt),
});

/** Computed again whenever it is shown: the reader need not believe the record. */
const toEvidence = ({ evidence, evidenceDigest }: PromotionRequest): Dossier['evidence'] =>
  evidence && evidenceDigest
    ? { digest: evidenceDigest, verified: digestOfEvidence(evidence) === evidenceDigest, content: evidence }
    : null;

const toStatement = ({ kid, predicateType, createdAt, envelope }: SignedStatement): Dossier['statement'] => ({
  keyId: kid,
  predicateType,
  createdAt: createdAt.toISOString(),
  envelope,
});
