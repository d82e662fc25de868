const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text that stands for itself in HTML, in an element or in a quoted attribute. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] as string);

/** What is HTML already. Only `html` makes it. */
export class Html {
  constructor(readonly source: string) {}
}

type Part = Html | string | number | null | false | readonly Part[];

const sourceOf = (part: Part): string => {
  if (part instanceof Html) return part.source;
  if (part === null || part === false) return '';
  return typeof part === 'object' ? part.map(sourceOf).join('') : escaped(String(part));
};

/** A template of HTML in which every value is escaped, unless a template has made it. */
export const html = (template: TemplateStringsArray, ...parts: Part[]): Html =>
  new Html(template.map((text, index) => text + sourceOf(parts[index] ?? null)).join(''));
