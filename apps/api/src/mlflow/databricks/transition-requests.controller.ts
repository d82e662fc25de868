import { Access, PrincipalRepository, principalNameKey, SecurableRepository } from '@app/access';
import { Config, InvalidArgument, NotFound } from '@app/platform';
import { parseStage, requestUrl } from '@app/policy';
import {
  Decisions,
  isClosed,
  type PromotionRequest,
  PromotionRequestReader,
  PromotionRequests,
  showingRequests,
  type ViewerDecision,
} from '@app/promotion';
import { ModelVersions } from '@app/registry';
import { Body, Delete, Get, Query } from '@nestjs/common';
import { z } from 'zod';
import { Requires } from '../../http/requires.js';
import { ofVersion } from '../registry/fields.js';
import { ModelNames } from '../registry/model-names.js';
import { BodyOrQuery } from '../wire/body-or-query.js';
import { omitUnset, optional, parseParams, required } from '../wire/parse.js';
import { PostOk } from '../wire/post.js';
import { MlflowController } from '../wire/words.js';
import { type ActivityAction, evidenceIn, toActivity } from './activity.js';

const ofTransition = ofVersion.extend({ stage: required, comment: optional(z.string()) });
const approveParams = ofTransition.extend({ archive_existing_versions: optional(z.boolean()) });
const deleteParams = ofTransition.extend({ creator: required });

type Transition = z.output<typeof ofTransition>;

const withoutComment = 'a transition request of a Databricks client, which gave no comment';
/** For whoever reads the decision: a client of these paths shows its user no evidence. */
const asOfTheCall = '(decided as a transition request, on the evidence as it stood at that moment)';
/** What keeps people from approving their own work does not keep them from saying what is wrong. */
const ownWork = /^(REQUESTER|VERSION_CREATOR|RUN_AUTHOR)_CANNOT/;

/** Promotion requests for a stage, as transition requests of the Databricks workspace registry (docs/databricks.md). */
@MlflowController('api/2.0/mlflow/transition-requests')
export class TransitionRequestsController {
  constructor(
    private readonly access: Access,
    private readonly config: Config,
    private readonly decisions: Decisions,
    private readonly names: ModelNames,
    private readonly principals: PrincipalRepository,
    private readonly reader: PromotionRequestReader,
    private readonly requests: PromotionRequests,
    private readonly securables: SecurableRepository,
    private readonly versions: ModelVersions,
  ) {}

  @Requires('REQUEST_PROMOTION')
  @PostOk('create')
  async create(@Body() body: unknown) {
    const { name, version, stage, comment } = parseParams(ofTransition, body);
    const request = await this.requests.create({
      model: this.names.full(name),
      version,
      target: { kind: 'STAGE', name: parseStage(stage) },
      justification: comment?.trim() || withoutComment,
    });
    return { request: (await this.shown([request]))[0] };
  }

  @Requires(...showingRequests)
  @Get('list')
  async list(@Query() query: unknown) {
    const { name, version } = parseParams(ofVersion, query);
    return omitUnset({ requests: await this.shown(await this.open(name, version)) });
  }

  @Requires('APPROVE_PROMOTION')
  @PostOk('approve')
  async approve(@Body() body: unknown) {
    const { archive_existing_versions: archive, ...asked } = parseParams(approveParams, body);
    const request = await this.found(asked);
    const { archiveIncumbent } = request.effectivePolicy;
    // Where nobody holds the stage, both come to the same.
    if (archive !== undefined && archive !== archiveIncumbent && request.incumbentVersionNumber !== null) {
      const does = archiveIncumbent ? 'archives' : 'does not archive';
      throw new InvalidArgument(
        `archive_existing_versions: the policy of promotion request ${request.number} ${does} version ${request.incumbentVersionNumber}, which is in ${request.target.name}: send ${archiveIncumbent}`,
        ['archive_existing_versions'],
      );
    }
    return this.decide(request, 'APPROVE', asked.comment);
  }

  @Requires('APPROVE_PROMOTION')
  @PostOk('reject')
  async reject(@Body() body: unknown) {
    const asked = parseParams(ofTransition, body);
    return this.decide(await this.found(asked), 'REJECT', asked.comment);
  }

  @Requires(...showingRequests)
  @Delete('delete')
  async delete(@BodyOrQuery() params: unknown) {
    const asked = parseParams(deleteParams, params);
    const found = await this.found(asked);
    const requester = (await this.principals.byId(found.requesterId))?.name ?? '';
    if (principalNameKey(requester) !== principalNameKey(asked.creator)) throw absent(asked);
    const fromStage = await this.stageOf(found);
    const request = await this.requests.cancel({ number: found.number, reason: asked.comment });
    const act = { id: String(request.number), by: this.access.caller().name, at: request.updatedAt, fromStage };
    return { activity: this.activity(request, { ...act, type: 'CANCELLED_REQUEST', comment: asked.comment }) };
  }

  private async decide(seen: PromotionRequest, verdict: 'APPROVE' | 'REJECT', comment: string | undefined) {
    const fromStage = await this.stageOf(seen);
    const told = comment?.trim();
    const bound = evidenceIn(told);
    const { request, decision } = await this.decisions.decide({
      number: seen.number,
      verdict,
      comment: bound || (verdict === 'REJECT' && !told) ? told : [told, asOfTheCall].filter(Boolean).join('\n'),
      // Without any evidence the state of the request is what forbids the decision, and is told.
      evidenceDigest: bound ?? seen.evidenceDigest ?? 'sha256:none',
    });
    const type = verdict === 'APPROVE' ? ('APPROVED_REQUEST' as const) : ('REJECTED_REQUEST' as const);
    const act = { id: decision.id, by: this.access.caller().name, at: decision.decidedAt, fromStage };
    return { activity: this.activity(request, { ...act, type, comment: told }) };
  }

  private async open(name: string, version: number): Promise<PromotionRequest[]> {
    const all = await this.reader.ofVersion(this.names.full(name), version);
    return all.filter(({ state, target }) => target.kind === 'STAGE' && !isClosed(state));
  }

  private async found(asked: Transition): Promise<PromotionRequest> {
    const stage = parseStage(asked.stage);
    const open = await this.open(asked.name, asked.version);
    const request = open.find(({ target }) => target.name === stage);
    if (!request) throw absent(asked);
    return request;
  }

  private async shown(requests: readonly PromotionRequest[]) {
    const [first] = requests;
    if (!first) return [];
    const people = await this.principals.byIds(requests.map(({ requesterId }) => requesterId));
    const decisions = await this.reader.viewerDecisionsOf(requests.map(({ id }) => id));
    const model = await this.securables.byId(first.modelId);
    const isManager = model !== undefined && (await this.access.allowed('MANAGE', model));
    const fromStage = await this.stageOf(first);
    return requests.map((request) => {
      const { id, number, requesterId, createdAt: at, justification: comment } = request;
      const by = people.find((person) => person.id === requesterId)?.name;
      const mayCancel = isManager || requesterId === this.access.caller().id;
      const actions = actionsOf(
        decisions.find(({ requestId }) => requestId === id),
        mayCancel,
      );
      const act = { type: 'REQUESTED_TRANSITION', id: String(number), by, at, comment, fromStage } as const;
      return omitUnset({ ...this.activity(request, act), available_actions: actions });
    });
  }

  private activity(request: PromotionRequest, act: Parameters<typeof toActivity>[2]) {
    return toActivity(request, requestUrl(this.config.publicUrl, request.number), act);
  }

  /** Of one who may see the request, and not read the version, the stage is withheld. */
  private async stageOf({ modelFullName, versionNumber }: PromotionRequest): Promise<string | undefined> {
    if (!(await this.versions.isReadable(modelFullName))) return undefined;
    return (await this.versions.get(modelFullName, versionNumber)).stage;
  }
}

const absent = ({ name, version, stage }: Transition) =>
  new NotFound('Open transition request', `${name}/${version} to ${stage}`);

function actionsOf(decision: ViewerDecision | undefined, mayCancel: boolean): ActivityAction[] {
  const mayReject = decision?.allowed || decision?.reasons.every((reason) => ownWork.test(reason));
  return [
    ...(decision?.allowed ? (['APPROVE_TRANSITION_REQUEST'] as const) : []),
    ...(mayReject ? (['REJECT_TRANSITION_REQUEST'] as const) : []),
    ...(mayCancel ? (['CANCEL_TRANSITION_REQUEST'] as const) : []),
  ];
}
