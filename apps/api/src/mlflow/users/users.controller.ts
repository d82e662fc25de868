import { Access, Explanations, type Principal } from '@app/access';
import { Principals } from '@app/identity';
import { type Grant, Grants, Metastore } from '@app/namespace';
import { NotFound, type Page, type PageArgs } from '@app/platform';
import { Experiments } from '@app/tracking';
import { Body, Delete, Get, Query } from '@nestjs/common';
import { z } from 'zod';
import { principalsAreKnown } from '../../graphql/access/principal.type.js';
import { Open, Requires } from '../../http/requires.js';
import { ModelNames } from '../registry/model-names.js';
import { nextPageToken, nodesOf, pageArgs, search } from '../wire/page.js';
import { maxResults, omitUnset, optional, parseParams, required } from '../wire/parse.js';
import { MlflowController } from '../wire/words.js';
import { levelOf, noPermissions } from './permission.js';

const ofUser = z.object({ username: required });
const listParams = z.object({ max_results: maxResults(100, 100), page_token: optional(z.string()) });

/** The users of MLflow's basic-auth app: users and service principals, by name. They log in with tokens. */
@MlflowController('api/2.0/mlflow/users')
export class UsersController {
  constructor(
    private readonly access: Access,
    private readonly experiments: Experiments,
    private readonly explanations: Explanations,
    private readonly grants: Grants,
    private readonly metastore: Metastore,
    private readonly names: ModelNames,
    private readonly principals: Principals,
  ) {}

  @Open('tells the caller who he is')
  @Get('current')
  async current() {
    const { id, name: username } = this.access.caller();
    return { user: { id, username, is_admin: await this.isAdministrator() }, is_basic_auth: false };
  }

  @Open(principalsAreKnown)
  @Get('get')
  async get(@Query() query: unknown) {
    const user = await this.byName(parseParams(ofUser, query).username);
    const isTold = user.id === this.access.caller().id || (await this.isAdministrator());
    const is_admin = isTold && (await this.explanations.explain(user.name, 'MANAGE', metastore)).explanation.allowed;
    return { user: { id: user.id, username: user.name, is_admin, ...(await this.permissionsOf(user)) } };
  }

  @Open(principalsAreKnown)
  @Get('list')
  async list(@Query() query: unknown) {
    const { max_results, page_token } = parseParams(listParams, query);
    const page = await search(page_token, () =>
      this.principals.list({ kind: 'USER' }, pageArgs(max_results, page_token)),
    );
    const administrators = await this.administrators();
    return omitUnset({
      users: nodesOf(page).map(({ id, name }) => ({ id, username: name, is_admin: administrators.has(id), roles: [] })),
      next_page_token: nextPageToken(page),
    });
  }

  /** With its tokens, memberships and grants. */
  @Requires('MANAGE')
  @Delete('delete')
  async delete(@Body() body: unknown) {
    await this.principals.delete((await this.byName(parseParams(ofUser, body).username)).id);
    return {};
  }

  /** Groups are no users. */
  private async byName(username: string): Promise<Principal> {
    const principal = await this.principals.byName(username);
    if (principal.kind === 'GROUP') throw new NotFound('Principal', username);
    return principal;
  }

  private async isAdministrator(): Promise<boolean> {
    return this.access.allowed('MANAGE', await this.metastore.get());
  }

  /** As far as the caller may know them: an administrator all, others themselves. */
  private async administrators(): Promise<Set<string>> {
    if (!(await this.isAdministrator())) return new Set();
    const all = await everyPage((args) => this.explanations.whoCan('MANAGE', metastore, args));
    return new Set(all.map(({ id }) => id));
  }

  /** What was granted to the user himself on experiments and models, as far as the caller may read it there. */
  private async permissionsOf({ id: user_id }: Principal) {
    const grants = await everyPage((args) => this.grants.ofPrincipal(user_id, args));
    const levels = levelsOf(grants);
    const experiments = levels.filter(({ kind }) => kind === 'EXPERIMENT');
    const numbers = await this.experiments.detailsOf(experiments.map(({ id }) => id));
    const numberOf = (id: string) => numbers.find((each) => each.id === id)?.experimentId;
    return {
      experiment_permissions: experiments.map(({ id, permission }) => ({
        experiment_id: numberOf(id),
        user_id,
        permission,
      })),
      registered_model_permissions: levels
        .filter(({ kind }) => kind === 'REGISTERED_MODEL')
        .map(({ fullName, permission }) => ({ name: this.names.asAsked('', fullName), user_id, permission })),
      scorer_permissions: [],
    };
  }
}

const metastore = { kind: 'METASTORE', fullName: 'metastore' } as const;

/** All of a list: MLflow's answers have no pages of it. */
async function everyPage<T>(page: (args: PageArgs) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = [];
  for (let after: string | undefined; ; ) {
    const next = await page({ first: 100, after });
    found.push(...nodesOf(next));
    after = nextPageToken(next);
    if (!after) return found;
  }
}

/** The level on each experiment and model, where the grants make one. */
function levelsOf(grants: readonly Grant[]) {
  const places = new Set(grants.map(({ securable }) => securable.id));
  return [...places].flatMap((place) => {
    const those = grants.filter(({ securable }) => securable.id === place);
    const { id, kind, fullName } = (those[0] as Grant).securable;
    if (kind !== 'EXPERIMENT' && kind !== 'REGISTERED_MODEL') return [];
    const permission = levelOf(
      kind,
      those.map(({ privilege }) => privilege),
    );
    return permission === noPermissions ? [] : [{ id, kind, fullName, permission }];
  });
}
