import { Access } from '@app/access';
import { AuditLog } from '@app/audit';
import { type GateRun, GateRuns } from '@app/gates';
import { type Caller, Outbox, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { type Locked, LockedRequests } from '../locked-requests.js';
import {
  ForbiddenByRule,
  GateNotBlocking,
  WaiverDecided,
  WaiverNotFound,
  WaiverProposed,
} from '../promotion.errors.js';
import { gateWaiverProposed } from '../promotion.events.js';
import { PromotionProgress } from '../promotion-progress.service.js';
import {
  auditedRequest,
  optionalText,
  type PromotionRequest,
  requiredText,
  requireState,
} from '../promotion-request.js';
import { VisibleRequests } from '../visible-requests.js';
import { type GateWaiver, isWaivable, waiverObjection } from './gate-waiver.js';
import { GateWaiverRepository } from './gate-waiver.repository.js';

export interface NewGateWaiver {
  /** The number of the request. */
  number: number;
  /** The key of the gate: `policy/gate`. */
  gate: string;
  reason: string;
}

/** Waivers of gates that were not passed. One person proposes, another one confirms; both hold WAIVE_GATE. */
@Injectable()
export class GateWaivers {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly gates: GateRuns,
    private readonly locked: LockedRequests,
    private readonly outbox: Outbox,
    private readonly progress: PromotionProgress,
    private readonly transaction: Transaction,
    private readonly visible: VisibleRequests,
    private readonly waivers: GateWaiverRepository,
  ) {}

  /**
   * Proposes to waive a gate that blocks a request. Nothing changes for the request until somebody else confirms it.
   * @throws NotFound, PermissionDenied, InvalidArgument; RequestClosed, WrongState; GateNotBlocking; WaiverProposed
   */
  async propose(input: NewGateWaiver): Promise<GateWaiver> {
    const { caller, request: seen, model } = await this.visible.byNumber(input.number);
    await this.access.authorize('WAIVE_GATE', model, 'REGISTERED_MODEL', model.fullName);
    const reason = requiredText(input.reason, 'reason', 'say why the gate need not be passed');
    return this.transaction.run(async () => {
      const locked = await this.locked.lockPresent(seen);
      const run = await this.blocking(locked, ({ key }) => key === input.gate, input.gate);
      const waiver = await this.waivers.insert({
        gateRunId: run.id,
        requestId: seen.id,
        reason,
        proposedBy: caller.id,
      });
      if (!waiver) throw new WaiverProposed(seen.number, run.key);
      await this.record(locked, 'gate_waiver.proposed', run, { reason });
      await this.outbox.add(gateWaiverProposed, { promotionRequestId: seen.id, gateWaiverId: waiver.id });
      return waiver;
    });
  }

  /**
   * Confirms a waiver: the gate is WAIVED, the evidence changes with it, and the request moves on. For a person who holds
   * WAIVE_GATE and neither proposed the waiver nor opened the request.
   * @throws NotFound, PermissionDenied, ForbiddenByRule; RequestClosed, WrongState; WaiverDecided; GateNotBlocking
   */
  async confirm(input: { id: string; comment?: string | null }): Promise<PromotionRequest> {
    const { caller, waiver, request: seen, model } = await this.authorize(input.id);
    const objection = waiverObjection(waiver, seen, caller);
    if (objection) throw new ForbiddenByRule('WAIVE_GATE', objection, model);
    const comment = optionalText(input.comment, 'comment');
    return this.transaction.run(async () => {
      const locked = await this.locked.lockPresent(seen);
      // The lock may have been waited for: the right is that of now.
      await this.access.authorize('WAIVE_GATE', locked.model, 'REGISTERED_MODEL', locked.model.fullName);
      const run = await this.blocking(locked, ({ id }) => id === waiver.gateRunId, 'of another round');
      await this.decide(waiver, { state: 'CONFIRMED', decidedBy: caller.id, comment });
      const people = `by ${await this.waivers.proposerOf(waiver)}, confirmed by ${caller.name}`;
      await this.gates.waive(run, `waived ${people}: ${waiver.reason} (it was ${run.status}: ${run.summary})`);
      await this.record(locked, 'gate_waiver.confirmed', run, { reason: comment ?? waiver.reason });
      const validating = await this.locked.move(locked, 'VALIDATING', `gate "${run.key}" was waived`);
      return (await this.progress.evaluateLocked(validating)).request;
    });
  }

  /**
   * Declines a waiver, or takes it back: for holders of WAIVE_GATE, and for whoever proposed it.
   * @throws NotFound, PermissionDenied, InvalidArgument, WaiverDecided
   */
  async decline(input: { id: string; comment: string }): Promise<GateWaiver> {
    const { caller, waiver, request: seen } = await this.authorize(input.id, true);
    const comment = requiredText(input.comment, 'comment', 'say why the gate is not waived');
    return this.transaction.run(async () => {
      const locked = await this.locked.lockPresent(seen);
      const declined = await this.decide(waiver, { state: 'DECLINED', decidedBy: caller.id, comment });
      const run = (await this.gates.ofRequests([seen.id])).find(({ id }) => id === waiver.gateRunId);
      await this.record(locked, 'gate_waiver.declined', run, { reason: comment });
      return declined;
    });
  }

  /** Those of each gate run, without a question of rights: for gate runs that the caller is shown. */
  ofGateRuns(gateRunIds: readonly string[]): Promise<GateWaiver[]> {
    return this.waivers.ofGateRuns(gateRunIds);
  }

  private async authorize(id: string, orProposer = false) {
    const waiver = await this.waivers.byId(id);
    if (!waiver) throw new WaiverNotFound(id);
    const visible = await this.visible.byId(waiver.requestId, () => new WaiverNotFound(id));
    const { caller, model } = visible;
    if (!orProposer || waiver.proposedBy !== caller.id) {
      await this.access.authorize('WAIVE_GATE', model, 'REGISTERED_MODEL', model.fullName);
    }
    return { ...visible, waiver };
  }

  /** The gate run of the latest round that is meant, when it stands in the way. */
  private async blocking({ request }: Locked, meant: (run: GateRun) => boolean, named: string): Promise<GateRun> {
    requireState(request, ['BLOCKED'], 'waive a gate');
    const runs = await this.gates.ofRequests([request.id]);
    const run = runs.find(meant);
    if (run && isWaivable(run)) return run;
    throw new GateNotBlocking(
      request.number,
      run ? `"${run.key}" ${run.status}` : named,
      runs.filter(isWaivable).map(({ key }) => key),
    );
  }

  private async decide(
    { id }: GateWaiver,
    decision: Pick<GateWaiver, 'state' | 'comment'> & { decidedBy: Caller['id'] },
  ): Promise<GateWaiver> {
    const decided = await this.waivers.decide(id, decision);
    if (!decided) throw new WaiverDecided();
    return decided;
  }

  private record({ request, model }: Locked, action: string, run: GateRun | undefined, { reason }: { reason: string }) {
    const object = auditedRequest(request, model);
    return this.audit.record({ action, object, after: { gate: run?.key, status: run?.status }, reason });
  }
}
