import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Colours and weights, or none of them. */
export interface Style {
  added(text: string): string;
  changed(text: string): string;
  removed(text: string): string;
  strong(text: string): string;
  faint(text: string): string;
}

const identity = (text: string) => text;
const plain: Style = { added: identity, changed: identity, removed: identity, strong: identity, faint: identity };

// We have decided already whether there is a terminal: Node is not to decide again, by another stream.
const paint = (format: Format) => (text: string) => styleText(format, text, { validateStream: false });
const coloured: Style = {
  added: paint('green'),
  changed: paint('yellow'),
  removed: paint('red'),
  strong: paint('bold'),
  faint: paint('dim'),
};

/** https://no-color.org: set and not empty means no colours; FORCE_COLOR asks for them without a terminal. */
export function hasColours(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return stream.isTTY === true && env.TERM !== 'dumb';
}

export const styleFor = (colours: boolean): Style => (colours ? coloured : plain);
