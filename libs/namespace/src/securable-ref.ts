import type { Securable, SecurableKind } from '@app/access';

/** An object by what people call it. The metastore is called `metastore`. A Securable is one too. */
export type SecurableRef = Pick<Securable, 'fullName'> & { kind: SecurableKind };
