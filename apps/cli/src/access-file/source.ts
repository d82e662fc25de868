import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
} from 'yaml';

/** Where something stands in a file, for people: line and column count from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
  /** From the outermost field on: catalogs.prod.grants */
  path: string;
}

export interface Problem {
  place: Place;
  message: string;
}

type Path = readonly PropertyKey[];

const plainKey = /^[\p{L}\p{N}_-]+$/u;

/** catalogs.prod.grants."a.b"[0] */
const pathText = (path: Path): string =>
  path
    .map((part) =>
      typeof part === 'number'
        ? `[${part}]`
        : plainKey.test(String(part))
          ? `.${String(part)}`
          : `.${JSON.stringify(part)}`,
    )
    .join('')
    .replace(/^\./, '');

/** One YAML file, and where everything in it stands. */
export class Source {
  private readonly lines = new LineCounter();
  private readonly document;
  private content: unknown;

  constructor(
    readonly file: string,
    text: string,
  ) {
    this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false });
  }

  /** What is wrong with it as YAML. */
  syntaxProblems(): Problem[] {
    const problems = this.document.errors.map(({ message, pos: [offset] }) => ({
      place: this.at(offset, []),
      message: message === 'Map keys must be unique' ? 'is named twice' : `is not valid YAML: ${message}`,
    }));
    return problems.length > 0 ? problems : this.aliasProblems();
  }

  /** An alias without its anchor, or so many that the file would grow without bound, is found when it is resolved. */
  private aliasProblems(): Problem[] {
    try {
      this.content = this.document.toJS();
      return [];
    } catch (error) {
      return [{ place: this.at(0, []), message: `is not valid YAML: ${(error as Error).message}` }];
    }
  }

  /** What it holds, when it is valid YAML. */
  value(): unknown {
    return this.content;
  }

  /** The place of a value, or of its key where it has one; of the innermost that is there when it is missing. */
  place(path: Path): Place {
    let node: unknown = this.document.contents;
    let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    for (const part of path) {
      const next = this.child(node, part);
      if (next === undefined) break;
      const shown = isPair(next) ? (next.key as Node) : (next as Node);
      offset = shown.range?.[0] ?? offset;
      node = isPair(next) ? next.value : next;
    }
    return this.at(offset, path);
  }

  private child(node: unknown, part: PropertyKey): Pair | Node | undefined {
    const target = isAlias(node) ? node.resolve(this.document) : node;
    if (isMap(target)) return target.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
    if (isSeq(target) && typeof part === 'number') return target.items[part] as Node | undefined;
    return undefined;
  }

  private at(offset: number, path: Path): Place {
    const { line, col } = this.lines.linePos(offset);
    return { file: this.file, line: Math.max(line, 1), column: Math.max(col, 1), path: pathText(path) };
  }
}
