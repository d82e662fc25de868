import { z } from 'zod';
import { policyRules } from './rules.schema.js';
import { dottedName, named, principalName, strictObject } from './schema-parts.js';
import { grantablePrivileges, type SecurableKind } from './securable-kind.js';

export const modes = ['additive', 'authoritative'] as const;
export type Mode = (typeof modes)[number];

function grantsOn(kind: SecurableKind) {
  const privilege = z.enum(grantablePrivileges[kind]).meta({ id: `PrivilegeOn_${kind}` });
  const withExpiry = strictObject({
    privilege,
    expiresAt: z.iso
      .datetime({ offset: true, error: 'must be an instant with a time zone: 2027-01-31T00:00:00Z' })
      .meta({ description: 'From then on it counts as not granted' }),
  });
  return named(principalName, z.array(z.union([privilege, withExpiry]))).meta({
    description: `Principals with the privileges that are granted to them on the ${kind.toLowerCase().replace('_', ' ')} itself`,
  });
}

const owner = principalName.meta({ description: 'A user, a service principal or a group' });
const policies = named(z.string().min(1).max(63), policyRules).meta({
  description: 'Promotion policies by their names',
});

const securable = (kind: SecurableKind) =>
  strictObject({ owner: owner.optional(), grants: grantsOn(kind).optional(), policies: policies.optional() });

const experiment = strictObject({ owner: owner.optional(), grants: grantsOn('EXPERIMENT').optional() });

const group = strictObject({
  members: z.array(principalName).meta({ description: 'Direct members: users, service principals and groups' }),
});

/** The file that `imprimatur apply` reads (docs/cli.md). */
export const accessFile = strictObject({
  version: z.literal(1, { error: 'must be 1, the version of this format' }),
  mode: z.enum(modes).optional().meta({
    description:
      'additive: what the file names is made so, nothing else is touched. authoritative: in the lists that the file holds, whatever it does not name is removed',
  }),
  groups: named(principalName, group).optional().meta({ description: 'Groups by name; made when they are missing' }),
  metastore: securable('METASTORE').optional(),
  catalogs: named(dottedName('catalog'), securable('CATALOG')).optional(),
  schemas: named(dottedName('catalog.schema'), securable('SCHEMA')).optional(),
  models: named(dottedName('catalog.schema.model'), securable('REGISTERED_MODEL')).optional(),
  experiments: named(z.string().min(1), experiment).optional().meta({ description: 'MLflow experiments by name' }),
}).meta({ title: 'Access file of imprimatur apply' });

export type AccessFile = z.output<typeof accessFile>;

/** The same for editors: JSON Schema, in the draft that all of them read. */
export const accessFileJsonSchema = (): object => z.toJSONSchema(accessFile, { target: 'draft-7', io: 'input' });
