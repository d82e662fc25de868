import { Access, type Securable } from '@app/access';
import { Policies, targetKey } from '@app/policy';
import { Injectable } from '@nestjs/common';
import { InProduction } from './registry.errors.js';
import { TargetRepository } from './target.repository.js';
import { cleared, type Holding } from './transition.js';
import { TransitionRepository } from './transition.repository.js';

/** What the versions of a model hold, for changes that end it: a deletion, a move to another schema. */
@Injectable()
export class Holdings {
  constructor(
    private readonly access: Access,
    private readonly policies: Policies,
    private readonly targets: TargetRepository,
    private readonly transitions: TransitionRepository,
  ) {}

  /** Of one version of the model, or of all. */
  of(modelId: string, versionId?: string): Promise<Holding[]> {
    return this.targets.held(modelId, versionId);
  }

  /**
   * @param model where it stands, or is to stand: policies are found by its path
   * @throws ProtectedTarget when a policy protects one of the targets
   */
  async requireUnprotected(model: Securable, held: readonly Holding[]): Promise<void> {
    const targets = new Map(held.map(({ target }) => [targetKey(target), target]));
    for (const target of targets.values()) await this.policies.requireUnprotected(model, target);
  }

  /**
   * What is to be deleted holds no protected target and is not in Production (domain.md, section 3).
   * @throws ProtectedTarget, InProduction
   */
  async requireDeletable(model: Securable, held: readonly Holding[]): Promise<void> {
    await this.requireUnprotected(model, held);
    const production = held.find(({ target }) => target.kind === 'STAGE' && target.name === 'Production');
    if (production) throw new InProduction(model.fullName, production.versionNumber);
  }

  /** Writes into the history that nobody holds these any more. @returns when; undefined when nobody did */
  async clear(model: Securable, held: readonly Holding[]): Promise<Date | undefined> {
    return this.transitions.insertAll({ model, actorId: this.access.caller().id }, held.map(cleared));
  }
}
