import { Dossiers } from '@app/dossier';
import { Config } from '@app/platform';
import { showingRequests } from '@app/promotion';
import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Requires } from '../../http/requires.js';
import { PromotionDossierType, toPromotionDossier } from './dossier.types.js';
import { PromotionRequestType } from './promotion.types.js';

@Resolver(() => PromotionRequestType)
export class PromotionRequestDossierFields {
  constructor(
    private readonly config: Config,
    private readonly dossiers: Dossiers,
  ) {}

  @Requires(...showingRequests)
  @ResolveField(() => PromotionDossierType, {
    description: 'All of the request in one document, in any state of it: docs/dossier.md',
  })
  async dossier(@Parent() { source }: PromotionRequestType): Promise<PromotionDossierType> {
    return toPromotionDossier(await this.dossiers.ofRequest(source.number), this.config.publicUrl);
  }
}
