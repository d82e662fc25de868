/** Does an Accept header ask for text/html rather than for JSON? Of two that are alike the one that is named first. */
export function prefersHtml(accept: string): boolean {
  const wanted = accept
    .split(',')
    .map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith('q='));
      return { type, weight: weight === undefined ? 1 : Number(weight.slice(2)) || 0 };
    })
    .filter(({ type, weight }) => weight > 0 && ['text/html', 'application/json', '*/*'].includes(type))
    .sort((one, other) => other.weight - one.weight);
  return wanted[0]?.type === 'text/html';
}
