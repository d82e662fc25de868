import { Validators } from '@app/policy';
import type { OnModuleInit } from '@nestjs/common';
import { Args, Context, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Open, Requires } from '../../http/requires.js';
import { PrincipalType, principalsAreKnown, toPrincipal } from '../access/principal.type.js';
import { type Connection, ConnectionArgs, toConnection } from '../schema/connection.js';
import { orNull } from '../schema/or-null.js';
import type { GraphqlContext } from '../server/loaders.factory.js';
import { NodeRegistry } from '../server/node-registry.js';
import {
  toValidator,
  ValidatorArgs,
  ValidatorConnection,
  ValidatorCreateInput,
  ValidatorInput,
  ValidatorPayload,
  ValidatorSecretPayload,
  ValidatorSecretRotateInput,
  ValidatorType,
  ValidatorUpdateInput,
} from './validator.types.js';

@Resolver(() => ValidatorType)
export class ValidatorResolver implements OnModuleInit {
  constructor(
    private readonly registry: NodeRegistry,
    private readonly validators: Validators,
  ) {}

  onModuleInit(): void {
    const load = async (id: string) => toValidator(await this.validators.byId(id));
    this.registry.register('Validator', { questions: ['MANAGE'] }, load);
  }

  @Requires('MANAGE')
  @Query(() => ValidatorConnection, {
    name: 'validators',
    description: 'By name; for holders of MANAGE on the metastore',
  })
  async list(@Args() page: ConnectionArgs): Promise<Connection<ValidatorType>> {
    return toConnection(await this.validators.list(page), toValidator, () => this.validators.count());
  }

  @Requires('MANAGE')
  @Query(() => ValidatorType, {
    nullable: true,
    description: 'null when there is none, and without MANAGE on the metastore',
  })
  async validator(@Args() { name }: ValidatorArgs): Promise<ValidatorType> {
    return toValidator(await this.validators.byName(name));
  }

  @Requires('MANAGE')
  @Mutation(() => ValidatorSecretPayload, {
    description: 'Makes a validator, for policies to name. Needs MANAGE on the metastore',
  })
  async validatorCreate(
    @Args('input') input: ValidatorCreateInput,
    @Context() { request }: GraphqlContext,
  ): Promise<ValidatorSecretPayload> {
    request.answerHoldsSecret = true;
    const { validator, secret } = await this.validators.create(input);
    return { validator: toValidator(validator), secret };
  }

  @Requires('MANAGE')
  @Mutation(() => ValidatorPayload, { description: 'Needs MANAGE on the metastore' })
  async validatorUpdate(@Args('input') input: ValidatorUpdateInput): Promise<ValidatorPayload> {
    return { validator: toValidator(await this.validators.update(input)) };
  }

  @Requires('MANAGE')
  @Mutation(() => ValidatorSecretPayload, { description: 'A new secret, at once. Needs MANAGE on the metastore' })
  async validatorSecretRotate(
    @Args('input') input: ValidatorSecretRotateInput,
    @Context() { request }: GraphqlContext,
  ): Promise<ValidatorSecretPayload> {
    request.answerHoldsSecret = true;
    const { validator, secret } = await this.validators.rotateSecret(input);
    return { validator: toValidator(validator), secret };
  }

  @Requires('MANAGE')
  @Mutation(() => ValidatorPayload, {
    description: 'It is called no more, and gates that need it are ERRORED. Needs MANAGE on the metastore',
  })
  async validatorDisable(@Args('input') { name }: ValidatorInput): Promise<ValidatorPayload> {
    return { validator: toValidator(await this.validators.disable(name)) };
  }

  @Requires('MANAGE')
  @Mutation(() => ValidatorPayload, { description: 'Needs MANAGE on the metastore' })
  async validatorEnable(@Args('input') { name }: ValidatorInput): Promise<ValidatorPayload> {
    return { validator: toValidator(await this.validators.enable(name)) };
  }

  @Requires('MANAGE')
  @Mutation(() => ValidatorPayload, {
    description: 'Refused while a policy names it. Needs MANAGE on the metastore',
  })
  async validatorDelete(@Args('input') { name }: ValidatorInput): Promise<ValidatorPayload> {
    return { validator: toValidator(await this.validators.delete(name)) };
  }

  @Open(principalsAreKnown)
  @ResolveField(() => PrincipalType, { nullable: true })
  async createdBy(@Parent() { createdById }: ValidatorType, @Context() { loaders }: GraphqlContext) {
    return createdById ? orNull(await loaders.principal.load(createdById), toPrincipal) : null;
  }
}
