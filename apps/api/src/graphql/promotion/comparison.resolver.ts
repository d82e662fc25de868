import { Comparisons, comparisonOf, showingRequests } from '@app/promotion';
import { Args, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Inherits, Requires } from '../../http/requires.js';
import { orNull } from '../schema/or-null.js';
import { ModelVersionComparisonType, ModelVersionRef, toComparison } from './comparison.types.js';
import { PromotionRequestType } from './promotion.types.js';

@Resolver(() => PromotionRequestType)
export class ComparisonResolver {
  constructor(private readonly comparisons: Comparisons) {}

  @Requires('EXECUTE')
  @Query(() => ModelVersionComparisonType, {
    nullable: true,
    description: 'Any two versions, of one model or of two. Needs EXECUTE on the models of both',
  })
  async modelVersionCompare(
    @Args('base') base: ModelVersionRef,
    @Args('head') head: ModelVersionRef,
  ): Promise<ModelVersionComparisonType> {
    return toComparison(await this.comparisons.compare(base, head));
  }

  @Inherits(...showingRequests)
  @ResolveField(() => ModelVersionComparisonType, {
    nullable: true,
    description:
      'The candidate against the incumbent, as the evidence holds it; null until every gate has ended, and where nobody held the target',
  })
  comparison(@Parent() { source }: PromotionRequestType): ModelVersionComparisonType | null {
    return orNull(comparisonOf(source), toComparison);
  }
}
