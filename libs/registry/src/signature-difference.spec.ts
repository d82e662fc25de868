import type { Signature, SignatureField } from './mlmodel.js';
import { signatureDifference } from './signature-difference.js';

const column = (name: string, type: string, rest: object = {}): SignatureField => ({ name, type, ...rest });
const tensor = (dtype: string, shape: number[]): SignatureField => ({
  type: 'tensor',
  'tensor-spec': { dtype, shape },
});
const signature = (parts: Partial<Signature>): Signature => ({ inputs: null, outputs: null, params: null, ...parts });
const changed = (before: Partial<Signature>, after: Partial<Signature>) =>
  signatureDifference(signature(before), signature(after)).map(
    ({ path, kind, breaking }) => `${path} ${kind} ${breaking ? 'breaking' : 'compatible'}`,
  );

const amount = column('amount', 'double', { required: true });

describe('signatureDifference', () => {
  it.each<[string, SignatureField[], SignatureField[], string[]]>([
    ['nothing', [amount], [amount], []],
    ['another order', [amount, column('b', 'long')], [column('b', 'long'), amount], []],
    ['an optional input', [amount], [amount, column('b', 'long', { required: false })], ['inputs.b ADDED compatible']],
    ['a required input', [amount], [amount, column('b', 'long')], ['inputs.b ADDED breaking']],
    ['a removed input', [amount], [], ['inputs.amount REMOVED breaking']],
    ['another type', [amount], [column('amount', 'long')], ['inputs.amount TYPE_CHANGED breaking']],
    [
      'an input that became required',
      [column('a', 'long', { required: false })],
      [column('a', 'long')],
      ['inputs.a REQUIREDNESS_CHANGED breaking'],
    ],
    [
      'an input that became optional',
      [column('a', 'long')],
      [column('a', 'long', { required: false })],
      ['inputs.a REQUIREDNESS_CHANGED compatible'],
    ],
    [
      'the element of an array',
      [column('a', 'array', { items: { type: 'long' } })],
      [column('a', 'array', { items: { type: 'string' } })],
      ['inputs.a[] TYPE_CHANGED breaking'],
    ],
    [
      'members of an object in a map',
      [column('m', 'map', { values: { type: 'object', properties: { x: { type: 'long' }, y: { type: 'long' } } } })],
      [
        column('m', 'map', {
          values: { type: 'object', properties: { x: { type: 'long' }, z: { type: 'long', required: false } } },
        }),
      ],
      ['inputs.m{}.y REMOVED breaking', 'inputs.m{}.z ADDED compatible'],
    ],
    [
      'a tensor of another type',
      [tensor('float64', [-1, 4])],
      [tensor('float32', [-1, 4])],
      ['inputs.0 TYPE_CHANGED breaking'],
    ],
    [
      'a tensor with a freer shape',
      [tensor('float64', [8, 4])],
      [tensor('float64', [-1, 4])],
      ['inputs.0 SHAPE_CHANGED compatible'],
    ],
    [
      'a tensor with a narrower shape',
      [tensor('float64', [-1, 4])],
      [tensor('float64', [8, 4])],
      ['inputs.0 SHAPE_CHANGED breaking'],
    ],
    [
      'a tensor of another rank',
      [tensor('float64', [-1])],
      [tensor('float64', [-1, -1])],
      ['inputs.0 SHAPE_CHANGED breaking'],
    ],
  ])('judges %s', (_what, before, after, expected) => {
    expect(changed({ inputs: before }, { inputs: after })).toEqual(expected);
  });

  it('looks at answers from the side of their readers', () => {
    const before = {
      outputs: [column('a', 'long'), column('b', 'long', { required: false }), tensor('float32', [-1, 2])],
    };
    const after = {
      outputs: [
        column('a', 'long', { required: false }),
        column('b', 'long'),
        tensor('float32', [8, 2]),
        column('c', 'long'),
      ],
    };
    expect(changed(before, after)).toEqual([
      'outputs.a REQUIREDNESS_CHANGED breaking',
      'outputs.b REQUIREDNESS_CHANGED compatible',
      'outputs.2 SHAPE_CHANGED compatible',
      'outputs.c ADDED compatible',
    ]);
  });

  it('knows that params have defaults', () => {
    const param = (name: string, rest: object) => ({ name, type: 'float', default: 1, shape: null, ...rest });
    expect(
      changed(
        { params: [param('t', {}), param('gone', {}), param('list', { shape: [-1] })] },
        { params: [param('t', { default: 2 }), param('list', {}), param('new', {})] },
      ),
    ).toEqual([
      'params.t DEFAULT_CHANGED compatible',
      'params.gone REMOVED breaking',
      'params.list SHAPE_CHANGED breaking',
      'params.new ADDED compatible',
    ]);
  });

  it('breaks when a part is no longer promised, and not when one is promised for the first time', () => {
    expect(changed({ inputs: [amount] }, { outputs: [amount] })).toEqual([
      'inputs REMOVED breaking',
      'outputs ADDED compatible',
    ]);
    expect(signatureDifference(null, signature({ inputs: [amount] }))).toMatchObject([{ breaking: false }]);
    expect(signatureDifference(signature({ inputs: [amount] }), null)).toMatchObject([{ breaking: true }]);
    expect(signatureDifference(null, null)).toEqual([]);
  });

  it('ends on types that are nested without sense', () => {
    const nested = (depth: number, inner: string): object =>
      depth === 0 ? { type: inner } : { type: 'array', items: nested(depth - 1, inner) };
    const field = (inner: string) => [column('a', 'array', { items: nested(500, inner) })];
    expect(changed({ inputs: field('long') }, { inputs: field('string') })).toHaveLength(1);
  });
});
