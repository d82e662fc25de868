import type { Completeness, WrittenDossier } from '@app/dossier';
import { Field, Float, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { enumOf } from '../schema/enum.js';

type ItemState = Completeness['items'][number]['state'];

export const DossierItemStateEnum = enumOf<ItemState>(['PRESENT', 'MISSING', 'PENDING', 'NOT_APPLICABLE', 'NOT_SHOWN']);
registerEnumType(DossierItemStateEnum, {
  name: 'DossierItemState',
  valuesMap: {
    PENDING: { description: 'It only comes later; it does not count as missing' },
    NOT_SHOWN: { description: 'You may not see the part that would say so' },
  },
});

@ObjectType('DossierItem', { description: 'One thing that a dossier should have' })
export class DossierItemType {
  @Field()
  item: string;
  @Field(() => DossierItemStateEnum)
  state: ItemState;
  @Field(() => [String], { description: 'The points of the rules that ask for it' })
  headings: string[];
  @Field(() => String, { nullable: true, description: 'What would make it complete; only of what is missing' })
  todo: string | null;
}

@ObjectType('DossierCompleteness')
export class DossierCompletenessType {
  @Field(() => Float, { description: 'present / applicable, from 0 to 1' })
  score: number;
  @Field(() => Int)
  present: number;
  @Field(() => Int, { description: 'Those that are there, and those that are missing' })
  applicable: number;
  @Field(() => [DossierItemType])
  items: DossierItemType[];
  @Field(() => [DossierItemType], { description: 'The items that are missing' })
  missing: DossierItemType[];
}

@ObjectType('PromotionDossier', { description: 'docs/dossier.md. What you may not see is left out, and said so' })
export class PromotionDossierType {
  @Field({ description: 'imprimatur-dossier/1' })
  format: string;
  @Field({ description: 'Over the JSON: the same while nothing changes, for who may see the same' })
  sha256: string;
  @Field({ description: 'The document in canonical JSON (RFC 8785); docs/dossier.schema.json' })
  json: string;
  @Field({ description: 'Where it is to be had, as JSON or as a page' })
  url: string;
  @Field(() => DossierCompletenessType)
  completeness: DossierCompletenessType;
}

export function toPromotionDossier({ dossier, json, sha256 }: WrittenDossier, publicUrl: string): PromotionDossierType {
  const { format, request, completeness } = dossier;
  return {
    format,
    sha256,
    json,
    url: `${publicUrl}/api/promotions/v1/requests/${request.number}/dossier`,
    completeness: { ...completeness, missing: completeness.items.filter(({ state }) => state === 'MISSING') },
  };
}
