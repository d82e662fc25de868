import { Access, HiddenObject, METASTORE_ID, type Securable, SecurableRepository } from '@app/access';
import { AuditLog } from '@app/audit';
import { checkedGraceHours, newSigningSecret, SecretBox } from '@app/outbound';
import { AlreadyExists, type Caller, type Page, type PageArgs, Transaction } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import {
  audited,
  auditedValidator,
  type Validator,
  type ValidatorAddress,
  ValidatorInUse,
  ValidatorNotFound,
  validatorDescription,
  validatorName,
  validatorUrl,
} from './validator.js';
import { ValidatorRepository } from './validator.repository.js';

/** A validator with its new secret, which is told here and never again. */
interface WithSecret {
  validator: Validator;
  secret: string;
}

/** The validators of the metastore, for holders of MANAGE on it. Policies tell others the names of those that they ask. */
@Injectable()
export class Validators {
  constructor(
    private readonly access: Access,
    private readonly audit: AuditLog,
    private readonly secrets: SecretBox,
    private readonly securables: SecurableRepository,
    private readonly transaction: Transaction,
    private readonly validators: ValidatorRepository,
  ) {}

  /** Every validator, by name; none for who may not manage them. */
  async list(args: PageArgs): Promise<Page<Validator>> {
    return this.validators.page(await this.mayManage(), args);
  }

  async count(): Promise<number> {
    return this.validators.count(await this.mayManage());
  }

  /** @throws NotFound when there is none, and for who may not manage them */
  async byName(name: string): Promise<Validator> {
    return this.shown(await this.validators.byName(name), name);
  }

  /** @throws NotFound when there is none, and for who may not manage them */
  async byId(id: string): Promise<Validator> {
    return this.shown(await this.validators.byId(id), id);
  }

  /**
   * Makes a validator, with a secret that the service chooses.
   * @throws PermissionDenied; InvalidArgument for a name or URL that cannot be; AlreadyExists
   */
  async create(input: { name: string; url: string; description?: string | null }): Promise<WithSecret> {
    const caller = await this.authorize();
    const name = validatorName(input.name);
    const url = validatorUrl(input.url);
    const description = validatorDescription(input.description);
    const [id, secret] = [uuidv7(), newSigningSecret()];
    return this.transaction.run(async () => {
      const sealed = this.secrets.seal(secret, contextOf(id));
      const validator = await this.validators.insert({
        id,
        name,
        url,
        description,
        createdBy: caller.id,
        secret: sealed,
      });
      if (!validator) throw new AlreadyExists('Validator', name);
      await this.record('validator.created', validator, { after: audited(validator) });
      return { validator, secret };
    });
  }

  /**
   * Changes where it is called, or what is said of it. What is absent stays; the same once more changes nothing.
   * @throws PermissionDenied, NotFound, InvalidArgument
   */
  async update(input: { name: string; url?: string | null; description?: string | null }): Promise<Validator> {
    await this.authorize();
    return this.change(input.name, async (before) => {
      const url = input.url == null ? before.url : validatorUrl(input.url);
      const description = input.description == null ? before.description : validatorDescription(input.description);
      if (url === before.url && description === before.description) return before;
      const after = await this.validators.update(before, { url, description });
      await this.record('validator.updated', after, {
        before: audited(before),
        after: audited(after),
      });
      return after;
    });
  }

  /**
   * Gives it a new secret. Calls carry the signatures of both for so many hours; with 0, of the new one only.
   * @throws PermissionDenied, NotFound, InvalidArgument
   */
  async rotateSecret(input: { name: string; graceHours: number }): Promise<WithSecret> {
    await this.authorize();
    const hours = checkedGraceHours(input.graceHours);
    const secret = newSigningSecret();
    return this.change(input.name, async (before) => {
      const validator = await this.validators.rotate(before, this.secrets.seal(secret, contextOf(before.id)), hours);
      await this.record('validator.secret_rotated', validator, { after: { graceHours: hours } });
      return { validator, secret };
    });
  }

  /** It is called no more until it is enabled; gates that need it are ERRORED. @throws PermissionDenied, NotFound */
  disable(name: string): Promise<Validator> {
    return this.setDisabled(name, true);
  }

  /** @throws PermissionDenied, NotFound */
  enable(name: string): Promise<Validator> {
    return this.setDisabled(name, false);
  }

  /**
   * Deletes a validator that no policy names as it stands now.
   * @throws PermissionDenied, NotFound; ValidatorInUse naming the policies
   */
  async delete(name: string): Promise<Validator> {
    await this.authorize();
    return this.change(name, async (validator) => {
      const policies = await this.validators.policiesNaming(validator.name);
      if (policies.length > 0) throw new ValidatorInUse(validator.name, policies);
      await this.validators.delete(validator);
      await this.record('validator.deleted', validator, { before: audited(validator) });
      return validator;
    });
  }

  /** Where a validator is called. Asks no right: a library's question. @returns undefined when there is none, or it is disabled */
  async addressOf(name: string): Promise<ValidatorAddress | undefined> {
    const found = await this.validators.address(name);
    if (!found) return undefined;
    const sealed = [found.secret, found.previousSecret].filter((secret) => secret !== null);
    return { url: found.url, secrets: sealed.map((secret) => this.secrets.open(secret, contextOf(found.id))) };
  }

  private async setDisabled(name: string, disabled: boolean): Promise<Validator> {
    await this.authorize();
    return this.change(name, async (before) => {
      if ((before.disabledAt !== null) === disabled) return before;
      const after = await this.validators.setDisabled(before, disabled);
      const change = { before: { disabled: !disabled }, after: { disabled } };
      await this.record(disabled ? 'validator.disabled' : 'validator.enabled', after, change);
      return after;
    });
  }

  /** Does something with a validator under its lock. */
  private change<T>(name: string, work: (validator: Validator) => Promise<T>): Promise<T> {
    return this.transaction.run(async () => work(this.found(await this.validators.lock(name), name)));
  }

  private found(validator: Validator | undefined, name: string): Validator {
    if (!validator) throw new ValidatorNotFound(name);
    return validator;
  }

  private async shown(validator: Validator | undefined, asked: string): Promise<Validator> {
    const metastore = await this.metastore();
    const mayManage = await this.access.allowed('MANAGE', metastore);
    if (!validator) throw new ValidatorNotFound(asked);
    if (!mayManage) throw new HiddenObject('Validator', asked, { privilege: 'MANAGE', object: metastore });
    return validator;
  }

  private async mayManage(): Promise<boolean> {
    return this.access.allowed('MANAGE', await this.metastore());
  }

  private async authorize(): Promise<Caller> {
    return (await this.access.authorize('MANAGE', await this.metastore(), 'METASTORE', 'metastore')).caller;
  }

  private async metastore(): Promise<Securable> {
    return (await this.securables.byId(METASTORE_ID)) as Securable;
  }

  private record(action: string, validator: Validator, change: { before?: object; after?: object }): Promise<void> {
    return this.audit.record({ action, object: auditedValidator(validator), ...change });
  }
}

/** What a sealed secret is bound to: it opens in the row of its validator only. */
const contextOf = (id: string): string => `validator:${id}`;
