import { AccessSnapshots, type Securable, SecurableRepository } from '@app/access';
import { AuditLog } from '@app/audit';
import { GateRuns } from '@app/gates';
import { Outbox, type OutboxMessage } from '@app/platform';
import { type ModelVersion, VersionRecords } from '@app/registry';
import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { RequestNotFound } from './promotion.errors.js';
import { promotionRequestClosed, promotionRequestMoved, type ToldState, toldStates } from './promotion.events.js';
import { auditedRequest, isClosed, mayMove, type PromotionRequest, type PromotionState } from './promotion-request.js';
import { PromotionRequestRepository, type RequestChanges } from './promotion-request.repository.js';
import { PromotionStatements } from './statements/promotion-statements.service.js';

/** A request with its model, both locked until the transaction ends. */
export interface Locked {
  request: PromotionRequest;
  model: Securable;
  version: ModelVersion;
}

/** The one way to change the state of a request: under its lock, along the state machine, with its audit event. */
@Injectable()
export class LockedRequests {
  constructor(
    private readonly audit: AuditLog,
    private readonly gates: GateRuns,
    private readonly outbox: Outbox,
    private readonly requests: PromotionRequestRepository,
    private readonly securables: SecurableRepository,
    private readonly snapshots: AccessSnapshots,
    private readonly statements: PromotionStatements,
    private readonly versions: VersionRecords,
  ) {}

  /**
   * Locks the model, then the request: in this order everywhere, so that nobody waits in a circle. A request whose model
   * or version was deleted is closed by this.
   * @returns undefined when it was
   */
  async lock({ id, modelId }: Pick<PromotionRequest, 'id' | 'modelId'>): Promise<Locked | undefined> {
    const model = await this.securables.lock(modelId);
    // Files may have been read, and the lock waited for, since the caller was authenticated: rights are those of now.
    this.snapshots.refresh();
    const request = await this.requests.lock(id);
    if (!request) return undefined;
    const version = await this.versions.byId(request.versionId);
    if (model && version) return { request, model, version };
    if (!isClosed(request.state)) {
      const reason = `${request.modelFullName}/${request.versionNumber} was deleted`;
      await this.moveWithin(model ?? null, request, 'CANCELLED', reason);
    }
    return undefined;
  }

  /**
   * The same for what a caller asked for.
   * @throws NotFound when the model or the version was deleted meanwhile
   */
  async lockPresent(seen: PromotionRequest): Promise<Locked> {
    const locked = await this.lock(seen);
    if (!locked) throw new RequestNotFound(seen.number);
    return locked;
  }

  /** Moves the request to a state. Closing it ends what its gates still do; applying it, whichever way, is signed. */
  async move(
    locked: Locked,
    state: PromotionState,
    reason: string | null,
    changes: Omit<RequestChanges, 'state' | 'stateReason' | 'closedAt'> = {},
  ): Promise<Locked> {
    const moved = { ...locked, request: await this.moveWithin(locked.model, locked.request, state, reason, changes) };
    if (state === 'APPLIED') await this.statements.write(moved);
    return moved;
  }

  /** Nobody else can be applied against the same incumbent any more. */
  async supersedeRivals({ request, model, version }: Locked): Promise<void> {
    const reason = `promotion request ${request.number} was applied first`;
    for (const rival of await this.requests.lockRivals(request)) {
      await this.move({ request: rival, model, version }, 'SUPERSEDED', reason, {
        supersededByNumber: request.number,
      });
    }
  }

  private async moveWithin(
    model: Securable | null,
    request: PromotionRequest,
    state: PromotionState,
    reason: string | null,
    changes: RequestChanges = {},
  ): Promise<PromotionRequest> {
    if (!mayMove(request.state, state, request.kind)) {
      throw new Error(`promotion request ${request.number}: no way leads from ${request.state} to ${state}`);
    }
    const closing = isClosed(state) ? { closedAt: new Date() } : {};
    const changed = await this.requests.update(request.id, { ...changes, ...closing, state, stateReason: reason });
    if (isClosed(state)) await this.gates.cancelOf(request.id, 'the request was closed');
    await this.audit.record({
      action: `promotion_request.${state.toLowerCase()}`,
      object: auditedRequest(request, model),
      before: { state: request.state, evidenceDigest: request.evidenceDigest },
      after: { state, evidenceDigest: changed.evidenceDigest, supersededBy: changed.supersededByNumber ?? undefined },
      reason,
    });
    const messages = this.messagesOf(changed);
    if (messages.length > 0) await this.outbox.write(messages);
    return changed;
  }

  private messagesOf({ id: promotionRequestId, state, evidenceDigest }: PromotionRequest): OutboxMessage[] {
    const moved = () => ({ promotionRequestId, moveId: uuidv7(), state: state as ToldState, evidenceDigest });
    return [
      ...(isTold(state) ? [this.outbox.message(promotionRequestMoved, moved())] : []),
      ...(isClosed(state) ? [this.outbox.message(promotionRequestClosed, { promotionRequestId })] : []),
    ];
  }
}

const isTold = (state: PromotionState): state is ToldState => (toldStates as readonly string[]).includes(state);
