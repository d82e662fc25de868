import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloArmor } from '@escape.tech/graphql-armor';
import { GraphQLError, type ValidationContext } from 'graphql';
import { type ComplexityEstimatorArgs, getComplexity } from 'graphql-query-complexity';

/** What one document may ask for. Beyond a limit it is refused before anything runs. */
export const limits = { tokens: 2000, depth: 12, aliases: 30, directives: 50, cost: 10_000 };

/**
 * Reports a limit as a validation error; thrown from a rule it would become a 500. Apollo sets the code of validation
 * errors itself, so ours travels beside it (format-error.ts).
 */
const report = (limit: 'COST_LIMIT' | 'DEPTH_LIMIT') => ({
  propagateOnRejection: false,
  onReject: [
    (context: ValidationContext | null, error: Error) => {
      context?.reportError(new GraphQLError(error.message.replace('Syntax Error: ', ''), { extensions: { limit } }));
    },
  ],
});

/** Limits of syntax, checked at parse and validation. */
export const armor = () =>
  new ApolloArmor({
    // Tokens are counted by the parser itself (graphql-options.ts).
    maxTokens: { enabled: false },
    maxDepth: { n: limits.depth, flattenFragments: true, ...report('DEPTH_LIMIT') },
    maxAliases: { n: limits.aliases, ...report('COST_LIMIT') },
    maxDirectives: { n: limits.directives, ...report('COST_LIMIT') },
    // Cost is ours, below: it knows pages. Suggestions name fields that an authenticated caller may introspect anyway.
    costLimit: { enabled: false },
    blockFieldSuggestion: { enabled: false },
  }).protect();

/** Fields that cost statements of their own for each object. */
const weights: Record<string, number> = {
  totalCount: 10,
  modelVersionCompare: 20,
  approvals: 50,
  files: 20,
  protected: 5,
  lineage: 50,
  lineagePaths: 100,
  impact: 50,
  consumers: 5,
  usage: 5,
};

/** Of these, whatever their number, all values come with a few statements. */
const wholesale: ReadonlySet<string> = new Set(['LineageNode', 'LineageEdge']);
const wholesaleCost = 0.25;

/** A field costs 1 or its weight; a list costs its page size, a graph its bound of nodes, times what is asked of each element. */
function fieldCost({ type, field, args, childComplexity }: ComplexityEstimatorArgs): number {
  if (childComplexity === 0 && wholesale.has(type.name)) return wholesaleCost;
  const size = Number(args.first ?? args.last ?? args.ids?.length ?? args.maxNodes ?? args.maxPaths ?? 1);
  return (weights[field.name] ?? 1) + Math.max(size, 1) * childComplexity;
}

const refusal = (code: 'BAD_USER_INPUT' | 'COST_LIMIT', message: string) =>
  new GraphQLError(message, { extensions: { code, http: { status: 400 } } });

/**
 * The cost of an operation, with the variables that decide its page sizes.
 * @throws GraphQLError for variables that do not fit: they are looked at here before Apollo does
 */
function costOf(options: Omit<Parameters<typeof getComplexity>[0], 'estimators'>): number {
  try {
    return Math.ceil(getComplexity({ ...options, estimators: [fieldCost] }));
  } catch (error) {
    throw error instanceof GraphQLError ? refusal('BAD_USER_INPUT', error.message) : error;
  }
}

/** The cost of an operation. @throws GraphQLError when it is more than the limit, or the variables do not fit */
export function affordableCost(options: Parameters<typeof costOf>[0]): number {
  const requested = costOf(options);
  if (requested <= limits.cost) return requested;
  throw refusal(
    'COST_LIMIT',
    `the operation costs ${requested}, and ${limits.cost} is the limit: ask for smaller pages or fewer fields`,
  );
}

/** Refuses an operation that costs more than the limit, and tells the cost in extensions.cost. */
export const costPlugin: ApolloServerPlugin = {
  async requestDidStart() {
    let requested = 0;
    return {
      async didResolveOperation({ schema, document, request, operationName }) {
        const { variables } = request;
        requested = affordableCost({ schema, query: document, operationName: operationName ?? undefined, variables });
      },
      async willSendResponse({ response }) {
        if (response.body.kind !== 'single') return;
        const result = response.body.singleResult;
        result.extensions = { ...result.extensions, cost: { requested, limit: limits.cost } };
      },
    };
  },
};
