import { Access, PrincipalRepository, type Securable } from '@app/access';
import { DomainError } from '@app/platform';
import { type ModelVersion, type Transition, TransitionReader } from '@app/registry';
import { SigningKeys } from '@app/signing';
import { Injectable } from '@nestjs/common';
import type { PromotionRequest } from '../promotion-request.js';
import { Reviewers } from '../review/reviewers.js';
import { VisibleRequests } from '../visible-requests.js';
import { promotionPredicateType, promotionStatement, statementMediaType } from './promotion-statement.js';
import { PromotionStatementRepository, type SignedStatement } from './promotion-statement.repository.js';

/** The signed record of every applied request, for whoever trusts the key and not the service. */
@Injectable()
export class PromotionStatements {
  constructor(
    private readonly access: Access,
    private readonly principals: PrincipalRepository,
    private readonly reviewers: Reviewers,
    private readonly signingKeys: SigningKeys,
    private readonly statements: PromotionStatementRepository,
    private readonly transitions: TransitionReader,
    private readonly visible: VisibleRequests,
  ) {}

  /** Signs what has just been applied. Call it in that transaction, after the move of the target. */
  async write(applied: { request: PromotionRequest; model: Securable; version: ModelVersion }): Promise<void> {
    const { request, model, version } = applied;
    const { decisions, filled } = await this.reviewers.tally(request, model, version);
    const moves = await this.transitions.ofPromotionRequests([request.id]);
    const transition = moves.find((move) => isOf(request, move));
    const people = await this.principals.byIds([
      ...new Set([request.requesterId, ...decisions.map(({ principalId }) => principalId)]),
    ]);
    const appliedAt = transition?.occurredAt ?? (await this.statements.clock());
    const statement = promotionStatement({ request, transition, appliedAt, decisions, filled, people });
    const envelope = await this.signingKeys.seal(statementMediaType, statement);
    const kid = envelope.signatures[0]?.keyid as string;
    await this.statements.insert({ requestId: request.id, kid, predicateType: promotionPredicateType, envelope });
  }

  /**
   * The statement of a request. Needs EXECUTE on the model.
   * @throws NotFound when the request is absent or hidden; also, with another reason, when it was not applied
   * @throws PermissionDenied to whoever sees the request by another privilege
   */
  async byNumber(number: number): Promise<SignedStatement> {
    const { request, model } = await this.visible.byNumber(number);
    await this.access.authorize('EXECUTE', model, 'REGISTERED_MODEL', model.fullName);
    const found = await this.statements.byRequest(request.id);
    if (found) return found;
    const message = `promotion request ${number} has no statement: one is signed when it is applied, and it is ${request.state}`;
    throw new DomainError('NOT_FOUND', 'NO_STATEMENT', message);
  }

  /** The statements of those of the requests that were applied, and whose model the caller may EXECUTE. */
  async ofRequests(requestIds: readonly string[]): Promise<SignedStatement[]> {
    return this.statements.ofRequests(requestIds, await this.access.where('EXECUTE', 'REGISTERED_MODEL', 's'));
  }
}

/** A promotion to a stage may archive others: its own move is the one that put the version there. */
const isOf = ({ target, versionNumber }: PromotionRequest, move: Transition): boolean =>
  move.target.kind === target.kind && move.target.name === target.name && move.versionNumber === versionNumber;
