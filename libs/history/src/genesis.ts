import { builtInPrincipals, METASTORE_ID, type Place, type Privilege } from '@app/access';

/**
 * What every installation starts with, before its first event (prisma/migrations, initial). Everything else that was ever
 * made has an event that made it.
 */
export const genesis = {
  /** Since ever: they have no event of being made. */
  places: [
    { id: METASTORE_ID, kind: 'METASTORE', fullName: 'metastore', ownerId: builtInPrincipals.metastoreAdmins },
    {
      id: '00000000-0000-7000-8000-000000000011',
      kind: 'EXPERIMENT',
      fullName: 'Default',
      ownerId: builtInPrincipals.metastoreAdmins,
    },
  ] satisfies Place[],
  /** Of both. */
  ownerName: 'metastore-admins',
  grant: {
    id: '00000000-0000-7000-8000-000000000020',
    securableId: METASTORE_ID,
    principalId: builtInPrincipals.everyone,
    privilege: 'CREATE_EXPERIMENT' satisfies Privilege,
  },
} as const;
