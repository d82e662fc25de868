import { requirementName, requirementsOf } from './requirements.js';

const condaYaml = `
channels: [conda-forge]
dependencies:
- python=3.11.4
- pip<=24
- pip: [mlflow==2.9.2, "scikit-learn==1.4.0"]
`;

describe('requirementsOf', () => {
  it('reads requirements.txt, and the packages of conda beside it', () => {
    const requirementsTxt = '# made by mlflow\nscikit-learn==1.5.0  # pinned\n\npandas>=2,\\\n  <3\n';
    expect(requirementsOf({ requirementsTxt, condaYaml })).toEqual([
      'pandas>=2, <3',
      'pip<=24',
      'python=3.11.4',
      'scikit-learn==1.5.0',
    ]);
  });

  it('takes the pip part of conda.yaml where there is no requirements.txt', () => {
    expect(requirementsOf({ condaYaml })).toEqual(['mlflow==2.9.2', 'pip<=24', 'python=3.11.4', 'scikit-learn==1.4.0']);
  });

  it.each([
    {},
    { requirementsTxt: '# nothing\n' },
    { condaYaml: 'a: [' },
    { condaYaml: 'dependencies: 7' },
    { condaYaml: 'x: &x [*x]' },
    { condaYaml: 'dependencies: ["\\ud800\\0"]' },
  ])('says nothing of %j', (files) => {
    expect(requirementsOf(files)).toBeNull();
  });
});

describe('requirementName', () => {
  it.each([
    ['scikit-learn==1.5.0', 'scikit-learn'],
    ['Scikit_Learn', 'scikit-learn'],
    ['uvicorn[standard] >= 0.1 ; python_version > "3.8"', 'uvicorn'],
    ['python=3.11', 'python'],
    ['torch @ https://example.com/torch.whl', 'torch'],
    ['-r other.txt', '-r other.txt'],
  ])('%s is %s', (line, name) => {
    expect(requirementName(line)).toBe(name);
  });
});
