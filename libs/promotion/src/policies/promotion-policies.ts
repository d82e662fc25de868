import type { Securable } from '@app/access';
import { type EffectivePolicy, effectivePolicy, Policies, type PromotionKind, type Target } from '@app/policy';
import { type ModelVersion, Targets } from '@app/registry';
import { Injectable } from '@nestjs/common';

/** Which policies a promotion is under. */
@Injectable()
export class PromotionPolicies {
  constructor(
    private readonly policies: Policies,
    private readonly targets: Targets,
  ) {}

  /**
   * The sum of the policies of every target that the promotion would move: also of the stage that the version leaves, and
   * of the one that its former holder is archived to. Otherwise a lax policy on one stage would open the way out of
   * another one.
   */
  async of(
    model: Securable,
    target: Target,
    version: Pick<ModelVersion, 'id' | 'stage'>,
    kind: PromotionKind,
  ): Promise<EffectivePolicy> {
    const sum = async (archiveIncumbent: boolean) => {
      const touched = await this.targets.touchedBy({ model, target, version, archiveIncumbent });
      return effectivePolicy(await this.policies.matching(model, [target, ...touched]), kind);
    };
    const policy = await sum(false);
    return policy.archiveIncumbent ? sum(true) : policy;
  }
}
