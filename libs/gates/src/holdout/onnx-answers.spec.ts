import { classAnswers, className, type OnnxOutput, regressionAnswers } from './onnx-answers.js';

const output = (type: OnnxOutput['type'], width: number, values: (number | string)[]): OnnxOutput => ({
  name: 'y',
  type,
  width,
  values,
});

describe('classAnswers', () => {
  it('takes labels where the model says them, and probabilities beside them', () => {
    const outputs = [output('int64', 1, [0, 0]), output('float32', 2, [0.4, 0.6, 0.9, 0.1])];
    expect(classAnswers(outputs, ['0', '1'])).toEqual({
      predicted: ['0', '0'],
      probabilities: {
        classes: ['0', '1'],
        rows: [
          [0.4, 0.6],
          [0.9, 0.1],
        ],
      },
    });
  });

  it('takes the greatest score, in the order of scikit-learn’s classes', () => {
    const scores = output('float32', 3, [-1, 5, 0, 9, 1, 1]);
    expect(classAnswers([scores], ['b', 'a', 'c'])).toEqual({ predicted: ['b', 'a'] });
    expect(classAnswers([scores], ['10', '9', '100'])).toEqual({ predicted: ['10', '9'] });
  });

  it('numbers the classes where labels are their numbers, also when the dataset lacks some', () => {
    expect(classAnswers([output('float32', 3, [0, 0, 1])], ['1'])).toMatchObject({ predicted: ['2'] });
  });

  it('takes NaN for no class of the dataset', () => {
    const answers = classAnswers([output('float32', 2, [Number.NaN, Number.NaN])], ['0', '1']);
    expect(answers).toEqual({ predicted: ['NaN'] });
  });

  it.each([
    ['no output', [], 'it has no tensor'],
    [
      'too many columns',
      [output('float32', 4, [0, 0, 0, 1])],
      'answers with 4 scores for each row, the dataset has 2 labels',
    ],
    ['one number that is no probability', [output('float32', 1, [3.5])], 'numbers that are no probabilities'],
    ['truth values', [output('bool', 1, [1])], 'y has 1 × bool'],
  ])('cannot make classes of %s', (_, outputs, message) => {
    expect(() => classAnswers(outputs, ['a', 'b'])).toThrow(message);
  });
});

describe('regressionAnswers', () => {
  it('takes the output with one number for each row', () => {
    const outputs = [output('float32', 2, [1, 2]), output('int64', 1, [7])];
    expect(regressionAnswers(outputs)).toEqual([7]);
    expect(() => regressionAnswers(outputs.slice(0, 1))).toThrow('y has 2 × float32');
  });
});

it.each([
  [1, '1'],
  [-0, '0'],
  [1n, '1'],
  [0.5, '0.5'],
  [true, 'true'],
  ['1', '1'],
])('the class of %p is %s', (cell, name) => {
  expect(className(cell)).toBe(name);
});
