import { Principals } from '@app/identity';
import { Injectable } from '@nestjs/common';
import { approversIn, type PolicyRulesInput, rulesOf } from './policy.inputs.js';

/** Rules as callers write them: approvers by name. */
@Injectable()
export class PolicyDrafts {
  constructor(private readonly principals: Principals) {}

  /** @throws NotFound naming an approver that does not exist */
  async rulesOf(input: PolicyRulesInput): Promise<unknown> {
    const names = approversIn(input);
    const named = await this.principals.byNames(names);
    const idOf = new Map(names.map((name, index) => [name, named[index]?.id as string]));
    return rulesOf(input, (name) => idOf.get(name) as string);
  }
}
