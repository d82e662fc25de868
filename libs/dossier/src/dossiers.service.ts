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
    const leaveOut: LeaveOut = (why, ...sections) => {
      notShown.push(...sections.map((section) => ({ section, why })));
      return null;
    };
    const origin = await this.origin(request, model, people, leaveOut);
    const texts = await this.gates.policyTexts(request, people);
    const policies = this.gates.policies(request, texts);
    if (policies.some(({ text }) => text === null)) {
      leaveOut('needs a privilege that shows where each policy hangs', 'policies');
    }
    const statement = await this.statement(request, model, leaveOut);
    const changes = await this.events.changes(request);
    const audited = await this.access.allowed('READ_AUDIT', model);
    const content: DossierContent = {
      request: { ...toRequest(request, people), history: this.events.history(changes) },
      ...origin,
      evidence: toEvidence(request),
      gates: await this.gates.runs(request, texts, people),
      approvals: this.reviews.approvals(request, texts, statement, people),
      decisions: await this.reviews.decisions(request, people),
      policies,
      statement: statement ? toStatement(statement) : null,
      review: await this.reviews.breakGlassReview(request, people),
      discussion: await this.reviews.discussion(request, people),
      events: audited ? await this.events.events(request, changes) : leaveOut(needs('READ_AUDIT', model), 'events'),
      notShown,
    };
    await this.names.fillIn(people);
    return content;
  }

  /** The version, and where it came from. */
  private async origin(
    { versionId }: PromotionRequest,
    model: Securable,
    people: People,
    leaveOut: LeaveOut,
  ): Promise<Pick<DossierContent, 'version' | 'training' | 'lineage'>> {
    const readable = await this.access.allowed('EXECUTE', model);
    const found = readable ? await this.versions.byId(versionId) : undefined;
    if (!found) {
      const why = readable ? 'the version was deleted' : needs('EXECUTE', model);
      leaveOut(why, 'version', 'training', 'lineage');
      return { version: null, training: null, lineage: null };
    }
    const training = found.runId ? await this.origins.training(found.runId) : null;
    if (found.runId && !training) {
      leaveOut(`needs READ on the experiment of run ${found.runId}, where the run is not gone`, 'training');
    }
    return {
      version: await this.versionParts.of(model, found, people),
      training,
      lineage: await this.origins.upstream(found.id),
    };
  }

  private async statement(
    { id }: PromotionRequest,
    model: Securable,
    leaveOut: LeaveOut,
  ): Promise<SignedStatement | undefined> {
    if (await this.access.allowed('EXECUTE', model)) return (await this.statements.ofRequests([id]))[0];
    leaveOut(needs('EXECUTE', model), 'statement');
    return undefined;
  }
}

/** Notes why sections are not shown. */
type LeaveOut = (why: string, ...sections: Section[]) => null;

const needs = (privilege: string, { fullName }: Securable): string => `needs ${privilege} on ${fullName}`;

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
