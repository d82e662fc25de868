import fs from 'node:fs';
import path from 'node:path';
import { builtInPrincipals } from '@app/access';
import { GateRuns } from '@app/gates';
import { Bootstrap, Groups, Principals } from '@app/identity';
import { Catalogs, Grants, Schemas, type SecurableRef, Securables } from '@app/namespace';
import { type Caller, Config, DomainError, runInContext } from '@app/platform';
import { Policies } from '@app/policy';
import { BreakGlass, Decisions, PromotionProgress, PromotionRequestReader, PromotionRequests } from '@app/promotion';
import { ModelVersions, RegisteredModels, Registrations, Targets } from '@app/registry';
import type { Type } from '@nestjs/common';
import sql from 'sql-template-tag';
import type { Random } from '../chaos/random.js';
import type { TestApp } from '../support/app.js';
import { champion } from '../support/promotion.js';
import { mlmodelText } from '../support/registry.js';
import { grantedOn } from '../support/worlds.js';

interface Row {
  id: string;
  kind: SecurableRef['kind'];
  fullName: string;
}

const stages = ['None', 'Staging', 'Production', 'Archived'];
const aliases = ['champion', 'Challenger', 'shadow'];

/** Random changes, one after the other, through the services: as an administrator, and as one who approves. */
export class LongHistory {
  admin: Caller;
  private lead: Caller;
  private made = 0;
  /** How often each kind of change was made. */
  readonly done = new Map<string, number>();

  constructor(
    private readonly t: TestApp,
    private readonly random: Random,
  ) {}

  async begin(): Promise<void> {
    await this.get(Bootstrap).bootstrapAdmin();
    const admin = await this.t.db.first<Caller>(sql`SELECT id, name, kind FROM principals WHERE name = 'admin'`);
    this.admin = admin as Caller;
    this.lead = await this.as(() => this.get(Principals).createUser({ name: 'lead' }));
    await this.give('METASTORE', 'metastore', 'admin', ['BREAK_GLASS', 'MANAGE_POLICY', 'CREATE_CATALOG']);
    const on = { kind: 'METASTORE', fullName: 'metastore' } as const;
    const rules = { ...this.rules(), dryRun: false };
    await this.as(() => this.get(Policies).create({ on, name: 'always', rules }));
    const promotions = ['promotion', 'promotion', 'promotion', 'promotion', 'promotion', 'rollback'];
    for (const change of ['catalog', 'schema', 'schema', 'model', ...promotions, 'model', 'principal', 'principal'])
      await this.change(change);
  }

  /** One change; what the service refuses did not happen. */
  async step(): Promise<void> {
    await this.change(this.random.one(Object.keys(this.changes)));
  }

  as<T>(work: () => Promise<T>, caller = this.admin): Promise<T> {
    return runInContext({ requestId: 'history', address: '127.0.0.1', caller, memo: {} }, work);
  }

  private get<T>(service: Type<T>): T {
    return this.t.app.get(service, { strict: false });
  }

  private async change(name: string): Promise<void> {
    try {
      await this.as(() => (this.changes[name] as () => Promise<unknown>)());
      this.done.set(name, (this.done.get(name) ?? 0) + 1);
    } catch (error) {
      if (!(error instanceof DomainError) && (error as Error).message !== 'there is nothing to choose from')
        throw error;
    }
  }

  private readonly name = (): string => `n${++this.made}`;
  private readonly one = async (kind: Row['kind']): Promise<Row> => {
    const rows = await this.t.db.query<Row>(
      sql`SELECT id, kind, full_name AS "fullName" FROM securables WHERE kind = ${kind} ORDER BY id`,
    );
    return this.random.one(rows);
  };
  private readonly anyone = async (kinds = ['USER', 'GROUP', 'SERVICE_PRINCIPAL']): Promise<Caller> =>
    this.random.one(
      await this.t.db.query<Caller>(sql`SELECT id, name, kind FROM principals
        WHERE kind = ANY(${kinds}) AND id <> ${builtInPrincipals.gates}::uuid ORDER BY id`),
    );
  private readonly anything = async (): Promise<Row> =>
    this.one(this.random.one(['METASTORE', 'CATALOG', 'SCHEMA', 'REGISTERED_MODEL', 'REGISTERED_MODEL'] as const));

  private give(kind: Row['kind'], fullName: string, principal: string, privileges: string[]): Promise<unknown> {
    const add = privileges.map((privilege) => ({ principal, privilege }) as never);
    return this.as(() => this.get(Grants).update({ kind, fullName }, { add }));
  }

  /** @param vouched for: its files are in the store */
  private async version(vouched = false): Promise<{ model: Row; number: number }> {
    const model = await this.one('REGISTERED_MODEL');
    const rows = await this.t.db.query<{ number: number }>(
      sql`SELECT number FROM model_versions WHERE model_id = ${model.id}::uuid
        AND (artifact_digest IS NOT NULL OR NOT ${vouched}::boolean) ORDER BY number`,
    );
    if (rows.length > 1 || (rows.length > 0 && !vouched)) return { model, number: this.random.one(rows).number };
    const storagePath = `1/models/m-${++this.made}/artifacts`;
    const folder = path.join(this.get(Config).artifactRoot, storagePath);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'MLmodel'), mlmodelText);
    const source = `mlflow-artifacts:/${storagePath}`;
    const { number } = await this.get(Registrations).register({ model: model.fullName, source, storagePath });
    return { model, number };
  }

  private async policy(): Promise<string> {
    const rows = await this.t.db.query<{ id: string }>(
      sql`SELECT id FROM policies WHERE retired_at IS NULL AND name <> 'always' ORDER BY id`,
    );
    return this.random.one(rows).id;
  }

  private readonly rules = () => ({
    protects: { aliases: ['champion'] },
    approvals: [{ name: 'lead', count: 1, principalIds: [this.lead.id] }],
    separationOfDuties: { requester: false, versionCreator: false, runUser: false },
    waitSeconds: 0,
    gates: [],
    dryRun: this.random.below(3) === 0,
  });

  /** Opened, approved and applied, when the policy and the rights let it. */
  private async promoted(open: (input: object) => Promise<{ id: string; number: number }>): Promise<void> {
    const { model, number: version } = await this.version(true);
    const { id, number } = await open({ model: model.fullName, version, target: champion, justification: 'better' });
    for (const run of await this.get(GateRuns).ofRequests([id])) await this.get(GateRuns).run(run.id);
    await this.get(PromotionProgress).evaluate(id);
    const { evidenceDigest } = await this.get(PromotionRequestReader).byNumber(number);
    const decision = { number, verdict: 'APPROVE', evidenceDigest } as const;
    await this.as(() => this.get(Decisions).decide(decision as never), this.lead);
    await this.get(PromotionProgress).evaluate(id);
  }

  private readonly changes: Record<string, () => Promise<unknown>> = {
    principal: async () => {
      const make = this.random.one(['createUser', 'createGroup', 'createGroup', 'createServicePrincipal'] as const);
      return this.get(Principals)[make]({ name: this.name() });
    },
    join: async () => this.get(Groups).addMember((await this.anyone(['GROUP'])).name, (await this.anyone()).name),
    leave: async () => {
      const rows = await this.t.db.query<{ g: string; m: string }>(
        sql`SELECT group_id AS g, member_id AS m FROM group_members ORDER BY 1, 2`,
      );
      const { g, m } = this.random.one(rows);
      return this.get(Groups).removeMember(g, m);
    },
    disable: async () => this.get(Principals).disable((await this.anyone(['USER', 'SERVICE_PRINCIPAL'])).id),
    enable: async () => this.get(Principals).enable((await this.anyone(['USER', 'SERVICE_PRINCIPAL'])).id),
    deletePrincipal: async () => {
      const { id, name } = await this.anyone();
      return name === 'lead' || this.random.below(2) ? undefined : this.get(Principals).delete(id);
    },
    catalog: async () => {
      const { name } = await this.get(Catalogs).create({ name: this.name() });
      await this.give('CATALOG', name, 'admin', ['ALL_PRIVILEGES', 'READ_AUDIT', 'BREAK_GLASS', 'MANAGE_POLICY']);
      await this.give('CATALOG', name, 'lead', ['ALL_PRIVILEGES', 'APPROVE_PROMOTION']);
    },
    schema: async () => this.get(Schemas).create({ catalog: (await this.one('CATALOG')).fullName, name: this.name() }),
    model: async () =>
      this.get(RegisteredModels).create({ fullName: `${(await this.one('SCHEMA')).fullName}.${this.name()}` }),
    register: async () => {
      const { fullName: model } = await this.one('REGISTERED_MODEL');
      return this.get(Registrations).register({ model, source: 's3://elsewhere/model' });
    },
    alias: async () => this.setAlias(),
    deleteAlias: async () =>
      this.get(Targets).deleteAlias((await this.one('REGISTERED_MODEL')).fullName, this.random.one(aliases)),
    stage: async () => this.setStage(false),
    stageArchiving: async () => this.setStage(true),
    promotion: async () => this.promoted((input) => this.get(PromotionRequests).create(input as never)),
    rollback: async () => this.promoted((input) => this.get(PromotionRequests).rollback(input as never)),
    breakGlass: async () => {
      const { model, number: version } = await this.version(true);
      return this.get(BreakGlass).promote({
        model: model.fullName,
        version,
        target: champion,
        justification: 'urgent',
      });
    },
    deleteVersion: async () => {
      const { model, number } = await this.version();
      return this.get(ModelVersions).delete(model.fullName, number);
    },
    renameModel: async () => {
      const [model, schema] = [await this.one('REGISTERED_MODEL'), await this.one('SCHEMA')];
      return this.get(RegisteredModels).rename(model.fullName, `${schema.fullName}.${this.name()}`);
    },
    renameSchema: async () => this.get(Schemas).rename((await this.one('SCHEMA')).fullName, this.name()),
    renameCatalog: async () => this.get(Catalogs).rename((await this.one('CATALOG')).fullName, this.name()),
    deleteModel: async () =>
      this.random.below(3)
        ? undefined
        : this.get(RegisteredModels).delete((await this.one('REGISTERED_MODEL')).fullName),
    deleteSchema: async () => this.get(Schemas).delete((await this.one('SCHEMA')).fullName),
    transfer: async () =>
      this.get(Securables).transferOwnership(await this.not('METASTORE'), (await this.anyone()).name),
    describe: async () => this.get(Securables).update(await this.not('METASTORE'), { description: this.name() }),
    grant: async () => this.grant(null),
    grantForAWhile: async () => this.grant(new Date(Date.now() + 20 + this.random.below(2000))),
    revoke: async () => {
      const rows = await this.t.db.query<{ id: string }>(
        sql`SELECT id FROM grants WHERE principal_id <> ${this.admin.id}::uuid AND principal_id <> ${this.lead.id}::uuid ORDER BY id`,
      );
      return this.get(Grants).revoke(this.random.one(rows).id);
    },
    policy: async () => {
      const { kind, fullName } = await this.anything();
      return this.get(Policies).create({ on: { kind, fullName } as never, name: this.name(), rules: this.rules() });
    },
    revise: async () => this.get(Policies).revise({ id: await this.policy(), rules: this.rules(), reason: 'better' }),
    retire: async () => this.get(Policies).retire({ id: await this.policy(), reason: 'done' }),
  };

  private async setAlias(): Promise<unknown> {
    const { model, number } = await this.version();
    return this.get(Targets).setAlias(model.fullName, this.random.one(aliases), number);
  }

  private async setStage(archive: boolean): Promise<unknown> {
    const { model, number } = await this.version();
    const stage = this.random.one(archive ? stages.slice(1, 3) : stages);
    return this.get(Targets).transitionStage(model.fullName, number, stage, archive);
  }

  private async not(kind: Row['kind']): Promise<Row> {
    const found = await this.anything();
    return found.kind === kind ? this.one('REGISTERED_MODEL') : found;
  }

  private async grant(expiresAt: Date | null): Promise<unknown> {
    const { kind, fullName } = await this.anything();
    const privilege = this.random.one(Object.keys(grantedOn).filter((name) => grantedOn[name]?.includes(kind)));
    const principal = (await this.anyone()).name;
    return this.get(Grants).grant({
      securable: { kind, fullName },
      principal,
      privilege: privilege as never,
      expiresAt,
    });
  }
}
