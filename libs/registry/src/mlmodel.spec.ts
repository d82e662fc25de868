import { parseMlmodel } from './mlmodel.js';

describe('parseMlmodel', () => {
  it('reads the signature out of its JSON texts, and the flavors', () => {
    const text = `
artifact_path: model
flavors:
  python_function: { loader_module: mlflow.sklearn }
model_uuid: 0a1b
signature:
  inputs: '[{"type": "double", "name": "amount", "required": true}, {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 4]}}]'
  outputs: '[{"type": "long"}]'
  params: null
`;
    expect(parseMlmodel(text)).toEqual({
      signature: {
        inputs: [
          { type: 'double', name: 'amount', required: true },
          { type: 'tensor', 'tensor-spec': { dtype: 'float64', shape: [-1, 4] } },
        ],
        outputs: [{ type: 'long' }],
        params: null,
      },
      flavors: { python_function: { loader_module: 'mlflow.sklearn' } },
    });
  });

  it('takes a model without signature and flavors', () => {
    expect(parseMlmodel('run_id: 1')).toEqual({ signature: null, flavors: null });
  });

  it.each([
    ['no YAML', 'a: [', /it is not YAML/],
    ['an empty file', '', /the document/],
    ['a list', '- 1', /the document/],
    ['a signature that is no JSON', "signature: { inputs: 'x' }", /signature\.inputs: is not JSON/],
    ['a column without a type', `signature: { inputs: '[{"name": "a"}]' }`, /signature\.inputs\.0\.type/],
    ['flavors that are a text', 'flavors: sklearn', /flavors/],
    ['the character NUL', 'flavors: { sklearn: "\\0" }', /cannot be stored/],
    ['half of a surrogate pair', 'flavors: { sklearn: "\\ud800" }', /cannot be stored/],
    ['an anchor that contains itself', 'flavors: &a { sklearn: *a }', /cannot be (stored|read)/],
  ])('says what is wrong with %s', (_what, text, message) => {
    expect(() => parseMlmodel(text)).toThrow(message);
    expect(() => parseMlmodel(text)).toThrow(/^MLmodel: cannot be read/);
  });

  it('takes a backslash before a "u" for what it is', () => {
    const { flavors } = parseMlmodel("flavors: { sklearn: 'C:\\u0000' }");
    expect(flavors).toEqual({ sklearn: 'C:\\u0000' });
  });
});
