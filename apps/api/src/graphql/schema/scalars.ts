import { InvalidArgument } from '@app/platform';
import { CustomScalar, Scalar } from '@nestjs/graphql';
import { GraphQLScalarType, Kind, type ValueNode, valueFromASTUntyped } from 'graphql';
import { z } from 'zod';

const instant = z.iso.datetime({ offset: true });

@Scalar('DateTime', () => Date)
export class DateTimeScalar implements CustomScalar<string, Date> {
  description = 'An instant as RFC 3339 writes it, in UTC, with milliseconds: 2026-11-20T14:00:00.000Z';

  parseValue(value: unknown): Date {
    if (!instant.safeParse(value).success) {
      throw new InvalidArgument(
        `DateTime: ${JSON.stringify(value)} is not an RFC 3339 instant such as 2026-11-20T14:00:00Z`,
      );
    }
    return new Date(value as string);
  }

  serialize(value: unknown): string {
    return (value as Date).toISOString();
  }

  parseLiteral(ast: ValueNode): Date {
    return this.parseValue(ast.kind === Kind.STRING ? ast.value : undefined);
  }
}

/** A whole number that JSON numbers may be too small for. Within the service it is a number, below 2^53. */
export const BigIntScalar = new GraphQLScalarType({
  name: 'BigInt',
  description: 'A whole number of 0 or more, as a string',
  serialize: String,
  parseValue: parseBigInt,
  parseLiteral: (ast) => parseBigInt(ast.kind === Kind.STRING || ast.kind === Kind.INT ? ast.value : undefined),
});

function parseBigInt(value: unknown): number {
  const text = typeof value === 'string' ? value : '';
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new InvalidArgument(`BigInt: ${JSON.stringify(value)} is not a whole number in a string, such as "412"`);
}

/** For shapes that a third party owns: a signature of MLflow, the measured values of a gate. */
export const JsonScalar = new GraphQLScalarType({
  name: 'JSON',
  description: 'Any JSON value; only where a third party owns the shape',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (ast, variables) => valueFromASTUntyped(ast, variables),
});
