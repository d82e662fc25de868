import { Access, type Question, refusalOf, type Securable, type SecurablePath, SecurableRepository } from '@app/access';
import { type Caller, NotFound } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { join, type Sql } from 'sql-template-tag';
import { NIL } from 'uuid';
import { HiddenRequest, RequestNotFound } from './promotion.errors.js';
import type { PromotionRequest } from './promotion-request.js';
import { PromotionRequestRepository } from './promotion-request.repository.js';

/** Any of these on the model shows its requests. */
export const showingRequests = [
  'EXECUTE',
  'REQUEST_PROMOTION',
  'APPROVE_PROMOTION',
  'REPORT_GATE',
  'READ_AUDIT',
] as const satisfies Question[];

interface Visible {
  caller: Caller;
  request: PromotionRequest;
  model: Securable;
}

/** Who may see a request: the single check and the list filter, from one list of privileges. */
@Injectable()
export class VisibleRequests {
  constructor(
    private readonly access: Access,
    private readonly requests: PromotionRequestRepository,
    private readonly securables: SecurableRepository,
  ) {}

  /** @throws NotFound when the request is absent, its model is gone, or the caller may not see it; all alike */
  async byNumber(number: number): Promise<Visible> {
    return this.visible(await this.requests.byNumber(requestNumber(number)), number);
  }

  /**
   * The request that something hangs on which the caller named.
   * @throws what `absent` makes when the request is absent, or the caller may not see it
   */
  async byId(id: string, absent?: () => NotFound): Promise<Visible> {
    try {
      return await this.visible(await this.requests.byId(id), id);
    } catch (error) {
      if (!absent || !(error instanceof NotFound)) throw error;
      const refusal = refusalOf(error);
      throw refusal ? Object.assign(absent(), { refusal }) : absent();
    }
  }

  /**
   * A model whose requests the caller may see.
   * @throws NotFound when there is none of the name, or he may not
   */
  async model(fullName: string): Promise<Securable> {
    const model = await this.securables.byFullName('REGISTERED_MODEL', fullName);
    if (model && (await this.shown(model))) return model;
    return (await this.access.authorize('EXECUTE', model, 'REGISTERED_MODEL', fullName)).object;
  }

  /** A predicate over the row `alias` of `securables`: the models whose requests the caller may see. */
  async where(alias: string): Promise<Sql> {
    const predicates: Sql[] = [];
    for (const question of showingRequests)
      predicates.push(await this.access.where(question, 'REGISTERED_MODEL', alias));
    return join(predicates, ' OR ', '(', ')');
  }

  private async visible(request: PromotionRequest | undefined, asked: number | string): Promise<Visible> {
    const caller = this.access.caller();
    // Of the absent too: what is hidden takes no statement more, neither for its model nor for the caller's rights.
    const model = await this.securables.byId(request?.modelId ?? NIL);
    await this.access.where('EXECUTE', 'REGISTERED_MODEL', 's');
    if (!request || !model) throw new RequestNotFound(asked);
    if (await this.shown(model)) return { caller, request, model };
    throw new HiddenRequest(asked, model);
  }

  /** May the caller see the requests of a model? */
  async shown(model: SecurablePath): Promise<boolean> {
    for (const question of showingRequests) if (await this.access.allowed(question, model)) return true;
    return false;
  }
}

const largestNumber = 2 ** 31 - 1;

/** Numbers that no request can have are looked up like any other that is absent. */
const requestNumber = (number: number): number =>
  Number.isInteger(number) && number >= 1 && number <= largestNumber ? number : 0;
