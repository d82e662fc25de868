import { Readable } from 'node:stream';
import { z } from 'zod';
import { double, doubleText, enumeration, omitUnset, optional, parseParams, required, wholeNumber } from './parse.js';

const parse = (schema: z.ZodType, x: unknown) => (parseParams(z.object({ x: schema }), { x }) as { x: unknown }).x;

it.each([
  [1, 1],
  [-0.5, -0.5],
  ['1e-3', 0.001],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['NaN', Number.NaN],
])('reads the double %j as %d', (text, value) => {
  expect(parse(double, text)).toBe(value);
});

it.each(['', 'infinity', 'nan', '0x10', '1,5', true, null, [1], '--1'])('refuses %j as a double', (text) => {
  expect(() => parse(double, text)).toThrow("parameter 'x'");
});

it('writes a double as JSON can carry it', () => {
  expect([1.5, Number.NaN, Infinity, -Infinity].map(doubleText)).toEqual([1.5, 'NaN', 'Infinity', '-Infinity']);
});

it.each([5, '5', -5, '-5'])('reads the whole number %j', (text) => {
  expect(parse(wholeNumber, text)).toBe(Number(text));
});

it.each([1.5, '1.5', '1e3', 2 ** 60, '9'.repeat(20), '', ' 1', true])('refuses %j as a whole number', (text) => {
  expect(() => parse(wholeNumber, text)).toThrow("parameter 'x'");
});

it('reads an enum by name and by number', () => {
  const color = enumeration({ RED: 1, BLUE: 2 });
  expect([parse(color, 'RED'), parse(color, 2)]).toEqual(['RED', 'BLUE']);
  for (const wrong of ['red', 3, '1', true]) expect(() => parse(color, wrong)).toThrow('must be one of RED, BLUE');
});

it('treats null like a field that is not there', () => {
  expect(parse(optional(z.string()), null)).toBeUndefined();
  expect(() => parse(required, '')).toThrow("Missing value for required parameter 'x'");
});

it.each(['a\0', 'a\ud800', '\udc00b'])('refuses %j anywhere in a request, which cannot be stored', (key) => {
  const schema = z.object({ tags: z.array(z.object({ key: z.string() })) });
  expect(() => parseParams(schema, { tags: [{ key }] })).toThrow('cannot be stored');
  expect(parseParams(schema, { tags: [{ key: '😀' }] })).toEqual({ tags: [{ key: '😀' }] });
});

it('refuses what nests without end', () => {
  expect(() => parseParams(z.object({}), JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`))).toThrow('nested');
});

it.each(['{}', Readable.from([])])('refuses a body that was no JSON', (body) => {
  expect(() => parseParams(z.object({}), body)).toThrow('application/json');
});

it('leaves out what protobuf leaves out', () => {
  expect(omitUnset({ a: null, b: undefined, c: [], d: 0, e: '', f: false })).toEqual({ d: 0, e: '', f: false });
});

it('names a wrong field of a list by its place, and takes null for missing', () => {
  const schema = z.object({ metrics: z.array(z.object({ timestamp: wholeNumber })) });
  const missing = "Missing value for required parameter 'metrics[1].timestamp'";
  expect(() => parseParams(schema, { metrics: [{ timestamp: 1 }, {}] })).toThrow(missing);
  expect(() => parseParams(schema, { metrics: [{ timestamp: 1 }, { timestamp: null }] })).toThrow(missing);
});
